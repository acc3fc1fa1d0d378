#include "network/shufflenet.h"

#include <fmt/format.h>

#include "network/conv_block.h"

namespace embedmask::network {
namespace {

// Pointwise, depthwise, pointwise.
NodeId residual_branch(Builder& builder, NodeId x, const std::string& name, std::int64_t in,
                       std::int64_t half, int stride) {
    x = conv_block(builder, x, name + ".pw1", {.in = in, .out = half});
    x = conv_block(builder, x, name + ".dw",
                   {.in = half,
                    .out = half,
                    .kernel = 3,
                    .stride = stride,
                    .depthwise = true,
                    .activated = false});
    return conv_block(builder, x, name + ".pw2", {.in = half, .out = half});
}

// Halves the resolution; both branches read all channels.
NodeId first_block(Builder& builder, NodeId x, const std::string& name, std::int64_t in,
                   std::int64_t out) {
    const NodeId shrunk = conv_block(
        builder, x, name + ".branch1.dw",
        {.in = in, .out = in, .kernel = 3, .stride = 2, .depthwise = true, .activated = false});
    const NodeId shortcut =
        conv_block(builder, shrunk, name + ".branch1.pw", {.in = in, .out = out / 2});
    const NodeId residual = residual_branch(builder, x, name + ".branch2", in, out / 2, 2);
    return builder.channel_shuffle(builder.concat({shortcut, residual}), 2);
}

// One half of the channels passes unchanged.
NodeId next_block(Builder& builder, NodeId x, const std::string& name, std::int64_t channels) {
    const auto half = static_cast<int>(channels / 2);
    const NodeId kept = builder.slice(x, 0, half);
    const NodeId residual = residual_branch(builder, builder.slice(x, half, 2 * half),
                                            name + ".branch2", half, half, 1);
    return builder.channel_shuffle(builder.concat({kept, residual}), 2);
}

}  // namespace

std::array<NodeId, 3> shufflenet(Builder& builder) {
    constexpr std::int64_t kStem = 24;
    constexpr std::array<int, 3> kBlocks{4, 8, 4};
    NodeId x = conv_block(builder, builder.input(), "backbone.conv1",
                          {.in = 3, .out = kStem, .kernel = 3, .stride = 2});
    x = builder.max_pool(x, 3, 2, 1);
    std::array<NodeId, 3> maps{};
    std::int64_t in = kStem;
    for (std::size_t stage = 0; stage < maps.size(); ++stage) {
        const std::int64_t out = kShuffleNetChannels[stage];
        for (int k = 0; k < kBlocks[stage]; ++k) {
            const std::string name = fmt::format("backbone.stage{}.{}", stage + 2, k);
            x = k == 0 ? first_block(builder, x, name, in, out) : next_block(builder, x, name, out);
        }
        maps[stage] = x;
        in = out;
    }
    return maps;
}

}  // namespace embedmask::network
