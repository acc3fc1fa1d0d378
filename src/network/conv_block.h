// A convolution that is declared and called in one place, as networks without shared weights do.
#pragma once

#include <string>

#include "network/builder.h"

namespace embedmask::network {

struct ConvBlock {
    std::int64_t in = 0;   ///< channels
    std::int64_t out = 0;  ///< channels
    int kernel = 1;
    int stride = 1;
    bool depthwise = false;  ///< one group per channel; `in` equals `out`
    bool activated = true;   ///< leaky ReLU with slope 0.1
};

/// The convolution `name` (weight and bias) with an optional activation.
NodeId conv_block(Builder& builder, NodeId x, const std::string& name, const ConvBlock& block);

}  // namespace embedmask::network
