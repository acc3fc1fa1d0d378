// The feature pyramid of NanoDet-Plus: a path aggregation network of ghost blocks.
#pragma once

#include <array>

#include "network/conv_block.h"
#include "network/detector.h"

namespace embedmask::network {

/// The levels P3 to P6, of 96 channels, at strides 8, 16, 32 and 64, from maps at strides 8, 16
/// and 32.
std::array<NodeId, 4> ghost_pan(const ConvBlocks& blocks, const std::array<FeatureMap, 3>& maps);

}  // namespace embedmask::network
