#include "embedmask/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "foreign/generation.h"
#include "foreign/names.h"
#include "foreign/nanodet_names.h"

namespace embedmask {
namespace {

// Unused tensors: the ImageNet classifier, batch counters, and two loss buffers of T2 (§10.5).
bool is_ignored(const std::string& name) {
    return name.starts_with("fc.") || name.ends_with("num_batches_tracked") ||
           name == "mask_pred.sizes_of_interest" || name == "mask_pred._iter";
}

// The longest key that is a suffix of `name` beginning at a dot, or the name itself.
Weights::const_iterator find_suffix(const Weights& tensors, const std::string& name) {
    std::string_view rest = name;
    while (true) {
        const auto found = tensors.find(rest);
        if (found != tensors.end()) {
            return found;
        }
        const std::size_t dot = rest.find('.');
        // "weight" or "bias" alone is not specific enough.
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
        const Weights tensors = foreign::as_g3(
            foreign::with_canonical_names(file.tensors, file.file, &report.warnings));
        std::set<std::string> used;
        for (const network::Parameter& parameter : graph.parameters) {
            const auto found = find_suffix(tensors, foreign::from_detectron2(parameter.name));
            if (found == tensors.end() || is_ignored(parameter.name)) {
                continue;
            }
            used.insert(found->first);
            if (found->second.shape != parameter.shape) {
                report.mismatched.push_back(fmt::format("{}: {} in {}, expected {}", parameter.name,
                                                        shape_text(found->second.shape), file.file,
                                                        shape_text(parameter.shape)));
                continue;
            }
            if (!foreign::is_float(found->second.dtype)) {
                report.mismatched.push_back(
                    fmt::format("{}: {} in {}, expected F32, F16, BF16 or F64", parameter.name,
                                dtype_name(found->second.dtype), file.file));
                continue;
            }
            result.weights[parameter.name] = found->second;
            const std::string source = file.tensors.contains(found->first)
                                           ? found->first
                                           : foreign::before_split(found->first);
            matches[parameter.name] = {parameter.name, source, file.file};
        }
        for (const auto& [name, tensor] : tensors) {
            if (!used.contains(name) && !is_ignored(name)) {
                report.unused.push_back(fmt::format("{}: {}", file.file, name));
            }
        }
        report.has_torchvision_statistics |= foreign::has_torchvision_statistics(file.tensors);
    }
    for (const network::Parameter& parameter : graph.parameters) {
        if (result.weights.contains(parameter.name) || is_ignored(parameter.name)) {
            continue;
        }
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
