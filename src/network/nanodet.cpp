#include "network/nanodet.h"

#include <fmt/format.h>

#include <cmath>

#include "config/detector.h"
#include "network/conv_block.h"
#include "network/ghost_pan.h"
#include "network/shufflenet.h"

namespace embedmask::network {
namespace {

constexpr int kTowerBlocks = 2;
constexpr std::int64_t kWidth = detail::kNanodetChannels;

NodeId tower(const ConvBlocks& blocks, NodeId x, const std::string& head) {
    for (int i = 0; i < kTowerBlocks; ++i) {
        const std::string block = fmt::format("{}.tower.{}", head, i);
        x = blocks.add(x, block + ".dw",
                       {.in = kWidth, .out = kWidth, .kernel = 5, .depthwise = true});
        x = blocks.add(x, block + ".pw", {.in = kWidth, .out = kWidth});
    }
    return x;
}

// Returns the distances.
NodeId predict(Builder& builder, NodeId x, const std::string& head, int level,
               const Config& config) {
    const double class_bias = -std::log((1 - config.prior_prob) / config.prior_prob);
    builder.declare_conv(head + ".cls_logits", kWidth, config.num_classes, 1, true,
                         ConvInit::head(class_bias));
    builder.declare_conv(head + ".box_bins", kWidth, detail::kBoxSides * detail::kBoxBins, 1, true,
                         ConvInit::head());
    builder.output(output_name("class_logits", level), builder.conv(x, head + ".cls_logits"));
    const NodeId bins = builder.conv(x, head + ".box_bins");
    const NodeId distances = builder.expectation(bins, detail::kBoxSides);
    builder.output(output_name("box", level), distances);
    builder.output(output_name("box_bins", level), bins, true);
    return distances;
}

}  // namespace

DetectorFeatures nanodet(Builder& builder, const Config& config) {
    ConvBlocks blocks(builder, config.nanodet.norm == NanodetNorm::folded);
    const std::int64_t freeze_at = config.freeze_detector ? kFreezeAll : config.backbone.freeze_at;
    const ShuffleNet backbone = shufflenet(blocks, freeze_at);
    blocks.freeze(config.freeze_detector);
    const auto pyramid = ghost_pan(blocks, backbone.stages);
    DetectorFeatures features = features_of(config);
    features.pyramid_channels = kWidth;
    features.tower_channels = kWidth;
    features.quarter = backbone.quarter;
    for (std::size_t i = 0; i < pyramid.size(); ++i) {
        const std::string head = fmt::format("head.{}", i);
        DetectorLevel& level = features.levels[i];
        level.pyramid = pyramid[i];
        level.tower = tower(blocks, level.pyramid, head);
        level.box = predict(builder, level.tower, head, static_cast<int>(i), config);
    }
    return features;
}

}  // namespace embedmask::network
