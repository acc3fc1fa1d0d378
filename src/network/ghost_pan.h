// The feature pyramid of NanoDet-Plus: a path aggregation network of ghost blocks.
#pragma once

#include <array>
#include <span>

#include "network/builder.h"

namespace embedmask::network {

/// Channels of every level.
inline constexpr std::int64_t kGhostPanChannels = 96;

/// The levels P3 to P6 at strides 8, 16, 32 and 64, from maps at strides 8, 16 and 32 with
/// `channels`.
std::array<NodeId, 4> ghost_pan(Builder& builder, const std::array<NodeId, 3>& maps,
                                std::span<const std::int64_t, 3> channels);

}  // namespace embedmask::network
