// The activation of the embedding heads.
#pragma once

#include "embedmask/config.h"
#include "network/builder.h"

namespace embedmask::network {

/// Slope of `head_activation` for negative values.
double negative_slope(const Config& config);

/// Applies `head_activation`.
NodeId activate(Builder& builder, NodeId x, const Config& config);

}  // namespace embedmask::network
