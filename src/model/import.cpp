#include "model/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace embedmask {
namespace {

constexpr std::string_view kModulePrefix = "module.";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

bool is_torchvision(const Weights& tensors) {
    return tensors.contains("conv1.weight") && tensors.contains("layer1.0.conv1.weight");
}

// Torchvision's ResNet → the authors' names (§10.4).
std::string from_torchvision(std::string name) {
    if (name.starts_with("conv1.") || name.starts_with("bn1.")) name = "stem." + name;
    if (name.starts_with("stem.") || name.starts_with("layer")) name = "backbone.body." + name;
    return name;
}

// detectron2's names → the authors' (§10.5), for what both have.
std::string from_detectron2(std::string name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> prefixes = {{
        {"backbone.bottom_up.", "backbone.body."},
        {"backbone.top_block.", "backbone.fpn.top_blocks."},
        {"proposal_generator.fcos_head.ctrness.", "rpn.head.centerness."},
        {"proposal_generator.fcos_head.", "rpn.head."},
    }};
    for (int level = 3; level <= 5; ++level) {
        replace_all(name, fmt::format("backbone.fpn_lateral{}", level),
                    fmt::format("backbone.fpn.fpn_inner{}", level - 1));
        replace_all(name, fmt::format("backbone.fpn_output{}", level),
                    fmt::format("backbone.fpn.fpn_layer{}", level - 1));
    }
    for (const auto& [from, to] : prefixes) {
        if (!name.starts_with(from)) continue;
        name.replace(0, from.size(), to);
        break;
    }
    if (name.starts_with("backbone.body.")) {
        for (int stage = 2; stage <= 5; ++stage) {
            replace_all(name, fmt::format(".res{}.", stage), fmt::format(".layer{}.", stage - 1));
        }
        replace_all(name, ".shortcut.norm.", ".downsample.1.");
        replace_all(name, ".shortcut.", ".downsample.0.");
        for (int conv = 1; conv <= 3; ++conv) {
            replace_all(name, fmt::format(".conv{}.norm.", conv), fmt::format(".bn{}.", conv));
        }
    }
    return name;
}

// The canonical name of a tensor: the authors' where there is one.
Weights canonical(const Weights& tensors) {
    const bool all_prefixed =
        !tensors.empty() && std::all_of(tensors.begin(), tensors.end(), [](const auto& entry) {
            return entry.first.starts_with(kModulePrefix);
        });
    Weights renamed;
    for (const auto& [name, tensor] : tensors) {
        renamed[all_prefixed ? name.substr(kModulePrefix.size()) : name] = tensor;
    }
    const bool torchvision = is_torchvision(renamed);
    Weights result;
    for (const auto& [name, tensor] : renamed) {
        result[from_detectron2(torchvision ? from_torchvision(name) : name)] = tensor;
    }
    return result;
}

// Nothing reads these: the classifier of ImageNet and counters of batches.
bool is_ignored(const std::string& name) {
    return name.starts_with("fc.") || name.ends_with("num_batches_tracked");
}

// The longest key that is a suffix of `name` beginning at a dot, or the name itself.
Weights::const_iterator find_suffix(const Weights& tensors, const std::string& name) {
    std::string_view rest = name;
    while (true) {
        const auto found = tensors.find(rest);
        if (found != tensors.end()) return found;
        const std::size_t dot = rest.find('.');
        // A lone "weight" or "bias" says nothing about which one it is.
        if (dot == std::string_view::npos || rest.find('.', dot + 1) == std::string_view::npos) {
            return tensors.end();
        }
        rest.remove_prefix(dot + 1);
    }
}

}  // namespace

Import import_weights(const network::Graph& graph, const std::vector<ForeignWeights>& files,
                      double frozen_bn_eps) {
    Import result;
    ImportReport& report = result.report;
    std::map<std::string, ImportReport::Match> matches;
    for (const ForeignWeights& file : files) {
        const Weights tensors = canonical(file.tensors);
        std::set<std::string> used;
        for (const network::Parameter& parameter : graph.parameters) {
            const auto found = find_suffix(tensors, from_detectron2(parameter.name));
            if (found == tensors.end() || is_ignored(parameter.name)) continue;
            used.insert(found->first);
            if (found->second.shape != parameter.shape) {
                report.mismatched.push_back(fmt::format("{}: {} in {}, expected {}", parameter.name,
                                                        shape_text(found->second.shape), file.file,
                                                        shape_text(parameter.shape)));
                continue;
            }
            result.weights[parameter.name] = found->second;
            matches[parameter.name] = {parameter.name, found->first, file.file};
        }
        for (const auto& [name, tensor] : tensors) {
            if (!used.contains(name) && !is_ignored(name)) {
                report.unused.push_back(fmt::format("{}: {}", file.file, name));
            }
        }
        report.has_torchvision_statistics |=
            file.tensors.contains("bn1.running_var") && is_torchvision(file.tensors);
    }
    for (const network::Parameter& parameter : graph.parameters) {
        if (result.weights.contains(parameter.name) || is_ignored(parameter.name)) continue;
        const bool mean = parameter.name.ends_with("running_mean");
        if (parameter.buffer && (mean || parameter.name.ends_with("running_var"))) {
            const auto value = mean ? 0.0F : static_cast<float>(1 - frozen_bn_eps);
            const auto size = static_cast<std::size_t>(parameter.shape[0]);
            result.weights[parameter.name] =
                Tensor::of_floats(std::vector<float>(size, value), parameter.shape);
        } else {
            report.missing.push_back(parameter.name);
        }
    }
    for (auto& [name, match] : matches) {
        report.matched.push_back(std::move(match));
    }
    return result;
}

}  // namespace embedmask
