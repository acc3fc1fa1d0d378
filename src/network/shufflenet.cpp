#include "network/shufflenet.h"

#include <fmt/format.h>

namespace embedmask::network {
namespace {

// Pointwise, depthwise, pointwise.
NodeId residual_branch(const ConvBlocks& blocks, NodeId x, const std::string& name, std::int64_t in,
                       std::int64_t half, int stride) {
    x = blocks.add(x, name + ".pw1", {.in = in, .out = half});
    x = blocks.add(x, name + ".dw",
                   {.in = half,
                    .out = half,
                    .kernel = 3,
                    .stride = stride,
                    .depthwise = true,
                    .activated = false});
    return blocks.add(x, name + ".pw2", {.in = half, .out = half});
}

// Halves the resolution; both branches read all channels.
NodeId first_block(const ConvBlocks& blocks, NodeId x, const std::string& name, std::int64_t in,
                   std::int64_t out) {
    const NodeId shrunk = blocks.add(
        x, name + ".branch1.dw",
        {.in = in, .out = in, .kernel = 3, .stride = 2, .depthwise = true, .activated = false});
    const NodeId shortcut = blocks.add(shrunk, name + ".branch1.pw", {.in = in, .out = out / 2});
    const NodeId residual = residual_branch(blocks, x, name + ".branch2", in, out / 2, 2);
    return blocks.builder().channel_shuffle(blocks.builder().concat({shortcut, residual}), 2);
}

// One half of the channels passes unchanged.
NodeId next_block(const ConvBlocks& blocks, NodeId x, const std::string& name,
                  std::int64_t channels) {
    const auto half = static_cast<int>(channels / 2);
    const NodeId kept = blocks.builder().slice(x, 0, half);
    const NodeId residual = residual_branch(blocks, blocks.builder().slice(x, half, 2 * half),
                                            name + ".branch2", half, half, 1);
    return blocks.builder().channel_shuffle(blocks.builder().concat({kept, residual}), 2);
}

}  // namespace

ShuffleNet shufflenet(ConvBlocks& blocks, std::int64_t freeze_at) {
    constexpr std::int64_t kStem = 24;
    constexpr std::array<int, 3> kBlocks{4, 8, 4};
    constexpr std::array<std::int64_t, 3> kChannels{116, 232, 464};
    blocks.freeze(freeze_at >= 1);
    NodeId x = blocks.add(blocks.builder().input(), "backbone.conv1",
                          {.in = 3, .out = kStem, .kernel = 3, .stride = 2});
    x = blocks.builder().max_pool(x, 3, 2, 1);
    ShuffleNet maps;
    maps.quarter = {x, kStem};
    std::int64_t in = kStem;
    for (std::size_t i = 0; i < maps.stages.size(); ++i) {
        const int stage = static_cast<int>(i) + 2;
        const std::int64_t out = kChannels[i];
        blocks.freeze(freeze_at >= stage);
        for (int k = 0; k < kBlocks[i]; ++k) {
            const std::string name = fmt::format("backbone.stage{}.{}", stage, k);
            x = k == 0 ? first_block(blocks, x, name, in, out) : next_block(blocks, x, name, out);
        }
        maps.stages[i] = {x, out};
        in = out;
    }
    blocks.freeze(false);
    return maps;
}

}  // namespace embedmask::network
