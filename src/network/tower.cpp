#include "network/tower.h"

#include <fmt/format.h>

namespace embedmask::network {
namespace {

// In a Sequential of [conv, norm, relu] triples, the conv is entry 3i and the norm is 3i + 1.
std::string conv_name(const Tower& tower, std::int64_t i) {
    return fmt::format("{}.{}", tower.name, 3 * i);
}
std::string norm_name(const Tower& tower, std::int64_t i) {
    return fmt::format("{}.{}", tower.name, 3 * i + 1);
}

}  // namespace

void Tower::declare(Builder& builder) const {
    for (std::int64_t i = 0; i < convs; ++i) {
        builder.declare_conv(conv_name(*this, i), i == 0 ? in : channels, channels, 3, true,
                             ConvInit::head());
        builder.declare_group_norm(norm_name(*this, i), channels);
    }
}

NodeId Tower::forward(Builder& builder, NodeId x) const {
    for (std::int64_t i = 0; i < convs; ++i) {
        x = builder.conv(x, conv_name(*this, i));
        x = builder.group_norm(x, norm_name(*this, i), groups);
        x = slope == 0 ? builder.relu(x) : builder.leaky_relu(x, slope);
    }
    return x;
}

}  // namespace embedmask::network
