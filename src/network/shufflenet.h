// ShuffleNetV2 1.0x (Ma et al., ECCV 2018), with batch norm folded into the convolutions.
#pragma once

#include <array>

#include "network/builder.h"

namespace embedmask::network {

/// Channels of the stages 2, 3 and 4.
inline constexpr std::array<std::int64_t, 3> kShuffleNetChannels{116, 232, 464};

/// The maps of stages 2, 3 and 4, at strides 8, 16 and 32.
std::array<NodeId, 3> shufflenet(Builder& builder);

}  // namespace embedmask::network
