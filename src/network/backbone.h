// ResNet with frozen batch norm (spec §3.1 - §3.3).
#pragma once

#include <string>
#include <vector>

#include "embedmask/config.h"
#include "network/detector.h"

namespace embedmask::network {

/// Feature maps of the backbone, finest first: C3 (stride 8), C4, and C5 unless truncated.
struct BackboneFeatures {
    std::vector<NodeId> maps;
    std::vector<std::int64_t> channels;
    FeatureMap quarter;  ///< C2 (stride 4)
};

/// Number of channels of C3, C4 (and C5), known before the backbone is built: detectron2 registers
/// the FPN first.
std::vector<std::int64_t> backbone_channels(const Config& config);

void declare_backbone(Builder& builder, const Config& config);
BackboneFeatures backbone(Builder& builder, const Config& config);

}  // namespace embedmask::network
