#include "network/nanodet.h"

#include <fmt/format.h>

#include <cmath>

#include "network/conv_block.h"
#include "network/ghost_pan.h"
#include "network/shufflenet.h"

namespace embedmask::network {
namespace {

constexpr int kSides = 4;
constexpr int kBins = 8;  // a distance is the expectation over 0, 1, ..., 7 strides
constexpr int kTowerBlocks = 2;

void head(Builder& builder, NodeId x, int level, const Config& config) {
    constexpr std::int64_t kChannels = kGhostPanChannels;
    const std::string name = fmt::format("head.{}", level);
    for (int i = 0; i < kTowerBlocks; ++i) {
        const std::string block = fmt::format("{}.tower.{}", name, i);
        x = conv_block(builder, x, block + ".dw",
                       {.in = kChannels, .out = kChannels, .kernel = 5, .depthwise = true});
        x = conv_block(builder, x, block + ".pw", {.in = kChannels, .out = kChannels});
    }
    const auto classes = static_cast<int>(config.num_classes);
    const double bias = -std::log((1 - config.prior_prob) / config.prior_prob);
    builder.declare_conv(name + ".pred", kChannels, classes + kSides * kBins, 1, true,
                         ConvInit::head(bias));
    const NodeId prediction = builder.conv(x, name + ".pred");
    builder.output(output_name("class_logits", level), builder.slice(prediction, 0, classes));
    builder.output(
        output_name("box", level),
        builder.expectation(builder.slice(prediction, classes, classes + kSides * kBins), kSides));
}

}  // namespace

void nanodet(Builder& builder, const Config& config) {
    const auto pyramid = ghost_pan(builder, shufflenet(builder), kShuffleNetChannels);
    for (std::size_t level = 0; level < pyramid.size(); ++level) {
        head(builder, pyramid[level], static_cast<int>(level), config);
    }
}

}  // namespace embedmask::network
