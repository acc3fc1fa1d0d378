#include "foreign/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "foreign/caffe2_names.h"
#include "foreign/nanodet_names.h"

namespace embedmask::foreign {
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

// torchvision's ResNet names → the authors' names (§10.4).
std::string from_torchvision(std::string name) {
    if (name.starts_with("conv1.") || name.starts_with("bn1.")) {
        name = "stem." + name;
    }
    if (name.starts_with("stem.") || name.starts_with("layer")) {
        name = "backbone.body." + name;
    }
    return name;
}

// Only a detectron2 backbone, without its prefix in a detector.
std::string from_bare_backbone(std::string name) {
    const bool stage = name.size() > 4 && name.starts_with("res") && name[3] >= '2' &&
                       name[3] <= '5' && name[4] == '.';
    if (stage || name.starts_with("stem.conv1.norm.")) {
        name = "backbone.bottom_up." + name;
    }
    return name;
}

Weights without_module_prefix(const Weights& tensors) {
    const bool all_prefixed =
        !tensors.empty() && std::all_of(tensors.begin(), tensors.end(), [](const auto& entry) {
            return entry.first.starts_with(kModulePrefix);
        });
    if (!all_prefixed) {
        return tensors;
    }
    Weights renamed;
    for (const auto& [name, tensor] : tensors) {
        renamed[name.substr(kModulePrefix.size())] = tensor;
    }
    return renamed;
}

Weights with_caffe2_names_translated(const Weights& tensors, const std::string& file,
                                     std::vector<std::string>* warnings) {
    Weights result;
    std::size_t lost = 0;
    for (const auto& [blob, tensor] : tensors) {
        if (const auto name = from_caffe2(blob)) {
            result[*name] = tensor;
        } else if (is_caffe2_conv_bias(blob)) {
            if (!is_float(tensor.dtype)) {
                continue;
            }
            const std::vector<float> values = to_floats(tensor);
            lost += std::any_of(values.begin(), values.end(), [](float v) { return v != 0; });
        }
    }
    if (lost > 0) {
        warnings->push_back(fmt::format(
            "{}: {} convolution biases are non-zero but precede a batch norm; they are ignored",
            file, lost));
    }
    return result;
}

}  // namespace

bool is_float(DType dtype) {
    return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 ||
           dtype == DType::bf16;
}

bool has_torchvision_statistics(const Weights& tensors) {
    const Weights bare = without_module_prefix(tensors);
    return is_torchvision(bare) && bare.contains("bn1.running_var");
}

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
        if (!name.starts_with(from)) {
            continue;
        }
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

Weights with_canonical_names(const Weights& tensors, const std::string& file,
                             std::vector<std::string>* warnings) {
    const Weights bare = without_module_prefix(tensors);
    if (is_caffe2(bare)) {
        return with_caffe2_names_translated(bare, file, warnings);
    }
    const bool torchvision = is_torchvision(bare);
    Weights result;
    for (const auto& [name, tensor] : bare) {
        result[from_detectron2(torchvision ? from_torchvision(name) : from_bare_backbone(name))] =
            tensor;
    }
    return with_nanodet_predictions_split(std::move(result));
}

}  // namespace embedmask::foreign
