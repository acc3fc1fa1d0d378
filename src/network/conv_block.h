// Convolutions that are declared and called in one place, as networks without shared weights do.
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

/// Adds blocks to a network: a convolution, its batch norm unless that is folded, an activation.
class ConvBlocks {
public:
    /// With `folded`, convolutions have a bias and no batch norm.
    ConvBlocks(Builder& builder, bool folded) : builder_(builder), folded_(folded) {}

    [[nodiscard]] Builder& builder() const { return builder_; }

    /// Later blocks are not trained, and their batch norm keeps its statistics.
    void freeze(bool frozen) { frozen_ = frozen; }

    /// The convolution `name`; its batch norm is `name`.norm.
    NodeId add(NodeId x, const std::string& name, const ConvBlock& block) const;

private:
    Builder& builder_;
    bool folded_;
    bool frozen_ = false;
};

}  // namespace embedmask::network
