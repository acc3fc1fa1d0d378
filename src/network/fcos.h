// The FCOS detector: ResNet, feature pyramid and heads (spec §3, §4.1, §4.2).
#pragma once

#include "embedmask/config.h"
#include "network/detector.h"

namespace embedmask::network {

/// Adds class_logits, box and centerness of every level to the outputs. Parameters are registered
/// in the order of the checkpoints (§4.6, §10.5), on which optimiser states depend.
DetectorFeatures fcos(Builder& builder, const Config& config);

}  // namespace embedmask::network
