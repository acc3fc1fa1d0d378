// NanoDet-Plus-m: ShuffleNetV2, GhostPAN and a head of its own for each level.
#pragma once

#include "embedmask/config.h"
#include "network/builder.h"

namespace embedmask::network {

/// Adds class_logits and box (distances in strides) of the levels P3 to P6 to the outputs.
void nanodet(Builder& builder, const Config& config);

}  // namespace embedmask::network
