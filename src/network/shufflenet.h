// ShuffleNetV2 1.0x (Ma et al., ECCV 2018).
#pragma once

#include <array>

#include "network/conv_block.h"
#include "network/detector.h"

namespace embedmask::network {

/// Freezes every stage.
inline constexpr std::int64_t kFreezeAll = 4;

struct ShuffleNet {
    FeatureMap quarter;                ///< at stride 4
    std::array<FeatureMap, 3> stages;  ///< 2, 3 and 4, at strides 8, 16 and 32
};

/// `freeze_at`: 1 freezes the first convolution, n also the stages up to n.
ShuffleNet shufflenet(ConvBlocks& blocks, std::int64_t freeze_at);

}  // namespace embedmask::network
