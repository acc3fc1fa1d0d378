// NanoDet-Plus-m: ShuffleNetV2, GhostPAN and a head of its own for each level.
#pragma once

#include "embedmask/config.h"
#include "network/detector.h"

namespace embedmask::network {

/// Adds class_logits, box (distances in strides) and, while training, box_bins (the logits of the
/// distances' distributions) of the levels P3 to P6 to the outputs.
DetectorFeatures nanodet(Builder& builder, const Config& config);

}  // namespace embedmask::network
