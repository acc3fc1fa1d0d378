#include "network/ghost_pan.h"

#include <fmt/format.h>

#include "config/detector.h"

namespace embedmask::network {
namespace {

constexpr std::int64_t kChannels = detail::kNanodetChannels;
constexpr int kKernel = 5;

// Half of the channels from a pointwise convolution, the others from a cheap depthwise one of them
// (GhostNet, Han et al., CVPR 2020).
NodeId ghost(const ConvBlocks& blocks, NodeId x, const std::string& name, std::int64_t in,
             bool activated) {
    const NodeId primary =
        blocks.add(x, name + ".primary", {.in = in, .out = kChannels / 2, .activated = activated});
    const NodeId cheap = blocks.add(primary, name + ".cheap",
                                    {.in = kChannels / 2,
                                     .out = kChannels / 2,
                                     .kernel = 3,
                                     .depthwise = true,
                                     .activated = activated});
    return blocks.builder().concat({primary, cheap});
}

// Fuses two maps.
NodeId ghost_block(const ConvBlocks& blocks, NodeId a, NodeId b, const std::string& name) {
    constexpr std::int64_t kIn = 2 * kChannels;
    const NodeId x = blocks.builder().concat({a, b});
    const NodeId inner = ghost(blocks, x, name + ".ghost1", kIn, true);
    const NodeId main = ghost(blocks, inner, name + ".ghost2", kChannels, false);
    const NodeId depthwise = blocks.add(
        x, name + ".shortcut.dw",
        {.in = kIn, .out = kIn, .kernel = kKernel, .depthwise = true, .activated = false});
    const NodeId shortcut = blocks.add(depthwise, name + ".shortcut.pw",
                                       {.in = kIn, .out = kChannels, .activated = false});
    return blocks.builder().add(main, shortcut);
}

NodeId halved(const ConvBlocks& blocks, NodeId x, const std::string& name) {
    x = blocks.add(
        x, name + ".dw",
        {.in = kChannels, .out = kChannels, .kernel = kKernel, .stride = 2, .depthwise = true});
    return blocks.add(x, name + ".pw", {.in = kChannels, .out = kChannels});
}

}  // namespace

std::array<NodeId, 4> ghost_pan(const ConvBlocks& blocks, const std::array<FeatureMap, 3>& maps) {
    std::array<NodeId, 3> c{};
    for (std::size_t i = 0; i < maps.size(); ++i) {
        c[i] = blocks.add(maps[i].node, fmt::format("pan.reduce.{}", i),
                          {.in = maps[i].channels, .out = kChannels});
    }
    const NodeId middle =
        ghost_block(blocks, blocks.builder().upsample_bilinear(c[2], 2), c[1], "pan.top_down.0");
    const NodeId p3 =
        ghost_block(blocks, blocks.builder().upsample_bilinear(middle, 2), c[0], "pan.top_down.1");
    const NodeId p4 =
        ghost_block(blocks, halved(blocks, p3, "pan.down0"), middle, "pan.bottom_up0");
    const NodeId p5 = ghost_block(blocks, halved(blocks, p4, "pan.down1"), c[2], "pan.bottom_up1");
    const NodeId p6 = blocks.builder().add(halved(blocks, c[2], "pan.extra_in"),
                                           halved(blocks, p5, "pan.extra_out"));
    return {p3, p4, p5, p6};
}

}  // namespace embedmask::network
