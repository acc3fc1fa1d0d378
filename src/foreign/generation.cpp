#include "foreign/generation.h"

#include <fmt/format.h>

#include "config/detector.h"
#include "embedmask/error.h"
#include "foreign/names.h"

namespace embedmask::foreign {
namespace {

constexpr std::int64_t kSpatialDims = 2;  // in every generation with coordinates
const std::string kHead = "rpn.head.";
const std::string kMargin = kHead + "proposal_margin_pred";
const std::string kFree = kHead + "proposal_other_embed_pred.weight";
const std::string kPositionScale = kHead + "position_scale.scale";
const std::string kFirstMarginScale = kHead + "margin_scales.0.scale";

// Number of output channels of the convolution `name`, 0 if missing.
std::int64_t channels_out(const Weights& tensors, const std::string& name) {
    const auto found = tensors.find(name);
    return found == tensors.end() || found->second.shape.size() != 4 ? 0 : found->second.shape[0];
}

Recognized recognize(const Weights& tensors) {
    const auto has = [&](const std::string& name) { return tensors.contains(name); };
    const std::int64_t margins = channels_out(tensors, kMargin + ".weight");
    if (has(kFirstMarginScale) && has(kPositionScale) && margins > 0) {
        return {Generation::g3, margins, false};
    }
    if (has(kPositionScale) && margins == 1 && has(kFree)) {
        return {Generation::g2, kSpatialDims + channels_out(tensors, kFree), false};
    }
    const std::string single = kHead + "proposal_embed_pred.weight";
    if (has(single) && margins == 1) {
        return {Generation::g1, channels_out(tensors, single), false};
    }
    const std::string free = "proposal_head.embed_head.free_embed_head.weight";
    if (has("mask_branch.refine.0.0.weight") && has(free)) {
        return {Generation::t2, kSpatialDims + channels_out(tensors, free),
                !has("proposal_head.margin_conv.weight")};
    }
    return {};
}

// (1, ...) → (times, ...), with every channel a copy of the first.
Tensor repeated(const Tensor& tensor, std::int64_t times) {
    std::vector<std::byte> bytes;
    bytes.reserve(tensor.bytes.size() * static_cast<std::size_t>(times));
    for (std::int64_t i = 0; i < times; ++i) {
        bytes.insert(bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
    }
    std::vector<std::int64_t> shape = tensor.shape;
    shape[0] = times;
    return Tensor::of_bytes(tensor.dtype, std::move(bytes), std::move(shape));
}

}  // namespace

Recognized recognize_generation(const ForeignWeights& file) {
    std::vector<std::string> warnings;  // added again on import
    return recognize(with_canonical_names(file.tensors, file.file, &warnings));
}

std::string describe(const Recognized& recognized) {
    const auto with_dim = [&](const char* text) {
        return fmt::format("{}, D = {}", text, recognized.embed_dim);
    };
    switch (recognized.generation) {
        case Generation::g1:
            return with_dim("G1 (arXiv v1, November 2019)");
        case Generation::g2:
            return with_dim("G2 (authors, May 2020: one margin for all dimensions)");
        case Generation::g3:
            return with_dim("G3 (authors, May 2021)");
        case Generation::t2:
            return with_dim(recognized.conv3 ? "T2 (AdelaiDet fork, Table 2; Conv3 head)"
                                             : "T2 (AdelaiDet fork, Table 2)");
        case Generation::unknown:
            break;
    }
    return "no embedding heads";
}

void check_generation(const Recognized& recognized, const Config& config, const std::string& file) {
    if (recognized.generation == Generation::g1) {
        throw Error(fmt::format("{}: {} computes margins from box distances, which this network "
                                "does not have",
                                file, describe(recognized)),
                    "use weights of generation G2, G3 or T2, or retrain");
    }
    if (!has_masks(config)) {
        return;  // the detector is nearly the same in all generations
    }
    const bool detectron = config.names == ParameterNames::detectron2;
    if (recognized.generation != Generation::unknown &&
        detectron != (recognized.generation == Generation::t2)) {
        throw Error(
            fmt::format("{}: {} does not match this preset, which uses {} parameter names", file,
                        describe(recognized),
                        config.names == ParameterNames::detectron2 ? "detectron2" : "authors"),
            detectron ? "choose --preset g3, r50_1x or r101_ms_3x"
                      : "choose --preset table2 or table2_r101_3x");
    }
}

Weights as_g3(Weights tensors) {
    const Recognized recognized = recognize(tensors);
    if (recognized.generation != Generation::g2) {
        return tensors;
    }
    for (const char* part : {".weight", ".bias"}) {
        const auto margin = tensors.find(kMargin + part);
        if (margin != tensors.end() && !margin->second.shape.empty() &&
            margin->second.shape[0] == 1) {
            margin->second = repeated(margin->second, recognized.embed_dim);
        }
    }
    const std::size_t levels = detail::detector_of(DetectorKind::fcos).strides.size();
    for (std::size_t level = 0; level < levels; ++level) {
        tensors[fmt::format("{}margin_scales.{}.scale", kHead, level)] =
            Tensor::of_floats({1}, {1});
    }
    return tensors;
}

}  // namespace embedmask::foreign
