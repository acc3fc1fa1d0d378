#include "network/ghost_pan.h"

#include <fmt/format.h>

#include "network/conv_block.h"

namespace embedmask::network {
namespace {

constexpr std::int64_t kChannels = kGhostPanChannels;
constexpr int kKernel = 5;

// Half of the channels from a pointwise convolution, the others from a cheap depthwise one of them
// (GhostNet, Han et al., CVPR 2020).
NodeId ghost(Builder& builder, NodeId x, const std::string& name, std::int64_t in, bool activated) {
    const NodeId primary = conv_block(builder, x, name + ".primary",
                                      {.in = in, .out = kChannels / 2, .activated = activated});
    const NodeId cheap = conv_block(builder, primary, name + ".cheap",
                                    {.in = kChannels / 2,
                                     .out = kChannels / 2,
                                     .kernel = 3,
                                     .depthwise = true,
                                     .activated = activated});
    return builder.concat({primary, cheap});
}

// Fuses two maps.
NodeId ghost_block(Builder& builder, NodeId a, NodeId b, const std::string& name) {
    constexpr std::int64_t kIn = 2 * kChannels;
    const NodeId x = builder.concat({a, b});
    const NodeId inner = ghost(builder, x, name + ".ghost1", kIn, true);
    const NodeId main = ghost(builder, inner, name + ".ghost2", kChannels, false);
    const NodeId depthwise = conv_block(
        builder, x, name + ".shortcut.dw",
        {.in = kIn, .out = kIn, .kernel = kKernel, .depthwise = true, .activated = false});
    const NodeId shortcut = conv_block(builder, depthwise, name + ".shortcut.pw",
                                       {.in = kIn, .out = kChannels, .activated = false});
    return builder.add(main, shortcut);
}

NodeId halved(Builder& builder, NodeId x, const std::string& name) {
    x = conv_block(
        builder, x, name + ".dw",
        {.in = kChannels, .out = kChannels, .kernel = kKernel, .stride = 2, .depthwise = true});
    return conv_block(builder, x, name + ".pw", {.in = kChannels, .out = kChannels});
}

}  // namespace

std::array<NodeId, 4> ghost_pan(Builder& builder, const std::array<NodeId, 3>& maps,
                                std::span<const std::int64_t, 3> channels) {
    std::array<NodeId, 3> c{};
    for (std::size_t i = 0; i < maps.size(); ++i) {
        c[i] = conv_block(builder, maps[i], fmt::format("pan.reduce.{}", i),
                          {.in = channels[i], .out = kChannels});
    }
    const NodeId middle =
        ghost_block(builder, builder.upsample_bilinear(c[2], 2), c[1], "pan.top_down.0");
    const NodeId p3 =
        ghost_block(builder, builder.upsample_bilinear(middle, 2), c[0], "pan.top_down.1");
    const NodeId p4 =
        ghost_block(builder, halved(builder, p3, "pan.down0"), middle, "pan.bottom_up0");
    const NodeId p5 =
        ghost_block(builder, halved(builder, p4, "pan.down1"), c[2], "pan.bottom_up1");
    const NodeId p6 =
        builder.add(halved(builder, c[2], "pan.extra_in"), halved(builder, p5, "pan.extra_out"));
    return {p3, p4, p5, p6};
}

}  // namespace embedmask::network
