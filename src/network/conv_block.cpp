#include "network/conv_block.h"

namespace embedmask::network {

NodeId ConvBlocks::add(NodeId x, const std::string& name, const ConvBlock& block) const {
    constexpr double kSlope = 0.1;
    constexpr double kEpsilon = 1e-5;
    const std::int64_t group_inputs = block.depthwise ? 1 : block.in;
    builder_.declare_conv(name, group_inputs, block.out, block.kernel, folded_,
                          ConvInit::kaiming(group_inputs * block.kernel * block.kernel), !frozen_);
    const int groups = block.depthwise ? static_cast<int>(block.in) : 1;
    NodeId y = builder_.conv(x, name, block.stride, groups);
    const std::string norm = name + ".norm";
    if (!folded_ && frozen_) {
        builder_.declare_frozen_batch_norm(norm, block.out);
        y = builder_.frozen_batch_norm(y, norm, kEpsilon);
    } else if (!folded_) {
        builder_.declare_batch_norm(norm, block.out);
        y = builder_.batch_norm(y, norm);
    }
    return block.activated ? builder_.leaky_relu(y, kSlope) : y;
}

}  // namespace embedmask::network
