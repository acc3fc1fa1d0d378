// The residual block of ResNet-50 and -101 with frozen batch norm (spec §3.1, §3.2).
#pragma once

#include <string>

#include "embedmask/config.h"
#include "network/builder.h"

namespace embedmask::network {

/// 1x1 (stride s in MSRA layout), 3x3, 1x1 to four times the width; the shortcut is the identity or
/// a 1x1 convolution.
struct Bottleneck {
    std::string conv[3];  ///< module names
    std::string norm[3];
    std::string shortcut;  ///< empty = identity
    std::string shortcut_norm;
    std::int64_t in = 0;
    std::int64_t width = 0;
    int stride = 1;
    bool trainable = true;
    int stage = 1;  ///< 1..4 for layer1..layer4

    void declare(Builder& builder) const;
    NodeId forward(Builder& builder, NodeId x, const Config::Backbone& config) const;
};

}  // namespace embedmask::network
