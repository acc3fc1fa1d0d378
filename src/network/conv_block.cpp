#include "network/conv_block.h"

namespace embedmask::network {

NodeId conv_block(Builder& builder, NodeId x, const std::string& name, const ConvBlock& block) {
    constexpr double kSlope = 0.1;
    const std::int64_t group_inputs = block.depthwise ? 1 : block.in;
    builder.declare_conv(name, group_inputs, block.out, block.kernel, true,
                         ConvInit::kaiming(group_inputs * block.kernel * block.kernel));
    const int groups = block.depthwise ? static_cast<int>(block.in) : 1;
    const NodeId y = builder.conv(x, name, block.stride, groups);
    return block.activated ? builder.leaky_relu(y, kSlope) : y;
}

}  // namespace embedmask::network
