// A convolution of the pixel head with its norm and activation.
#pragma once

#include <string>
#include <vector>

#include "network/builder.h"

namespace embedmask::network {

/// The convolution is `name`.0, its norm `name`.1.
struct PixelUnit {
    std::string name;
    std::int64_t in = 0;   ///< channels
    std::int64_t out = 0;  ///< channels
    int kernel = 3;
    bool depthwise = false;  ///< `in` equals `out`
    bool activated = true;

    void declare(Builder& builder, const Config& config) const;
    NodeId forward(Builder& builder, NodeId x, const Config& config) const;
};

/// The units that replace a 3x3 convolution: itself, or a depthwise and a pointwise one.
std::vector<PixelUnit> pixel_block(const Config& config, const std::string& name, std::int64_t in,
                                   std::int64_t out);

}  // namespace embedmask::network
