#include <fmt/format.h>

#include <cmath>

#include "network/embedding_heads.h"

namespace embedmask::network {
namespace {

bool uses_batch_norm(const Config& config) {
    return config.pixel_norm == PixelNorm::bn;
}

bool is_fused(const Config& config) {
    return config.pixel_fusion == PixelFusion::p3p4p5;
}

constexpr int kRefinedLevels = 3;  // P3, P4, P5

}  // namespace

PixelHead::PixelHead(const Config& config) : config_(config) {
    const bool detectron = config.names == ParameterNames::detectron2;
    branch_ = detectron ? "mask_branch." : "rpn.head.mask_branch.";
    spatial_ = detectron ? "pixel_head.spatial_embed_head" : "rpn.head.pixel_spatial_embed_pred";
    free_ = detectron ? "pixel_head.free_embed_head" : "rpn.head.pixel_other_embed_pred";
    if (config.position_scale == PositionScale::learned) {
        position_scale_ = detectron ? "pixel_head.position_scale" : "rpn.head.position_scale";
    }
    gn_tower_ = {"rpn.head.mask_tower",
                 is_fused(config) ? config.pixel_channels : config.fpn.channels,
                 config.pixel_channels, config.tower_convs, static_cast<int>(config.tower_groups)};
}

void PixelHead::declare_block(Builder& builder, const std::string& name, std::int64_t in) const {
    const bool bn = uses_batch_norm(config_);
    builder.declare_conv(name + ".0", in, config_.pixel_channels, 3, !bn,
                         ConvInit::kaiming(in * 9));
    if (bn) {
        builder.declare_batch_norm(name + ".1", config_.pixel_channels);
    } else {
        builder.declare_group_norm(name + ".1", config_.pixel_channels);
    }
}

NodeId PixelHead::block(Builder& builder, NodeId x, const std::string& name) const {
    x = builder.conv(x, name + ".0");
    x = uses_batch_norm(config_)
            ? builder.batch_norm(x, name + ".1")
            : builder.group_norm(x, name + ".1", static_cast<int>(config_.tower_groups));
    return builder.relu(x);
}

void PixelHead::declare_branch(Builder& builder) const {
    const std::int64_t channels = config_.pixel_channels;
    if (is_fused(config_)) {
        for (int level = 0; level < kRefinedLevels; ++level) {
            declare_block(builder, fmt::format("{}refine.{}", branch_, level),
                          config_.fpn.channels);
        }
    }
    if (uses_batch_norm(config_)) {
        for (int i = 0; i < config_.tower_convs; ++i) {
            declare_block(builder, fmt::format("{}tower.{}", branch_, i),
                          i == 0 && !is_fused(config_) ? config_.fpn.channels : channels);
        }
        // The last convolution keeps the framework's default initialisation (§4.9): weight and bias
        // uniform in ±1/sqrt(fan_in).
        const double half_width = 1 / std::sqrt(static_cast<double>(channels) * 9);
        builder.declare_conv(fmt::format("{}tower.{}", branch_, config_.tower_convs), channels,
                             channels, 3, true, {{Init::Kind::uniform, half_width}, 0});
    } else {
        gn_tower_.declare(builder);
    }
    if (config_.semantic_loss) {
        declare_block(builder, branch_ + "seg_head.0", config_.fpn.channels);
        declare_block(builder, branch_ + "seg_head.1", channels);
        const double half_width = 1 / std::sqrt(static_cast<double>(channels));
        const double bias = -std::log((1 - config_.prior_prob) / config_.prior_prob);
        builder.declare_conv(branch_ + "logits", channels, config_.num_classes, 1, true,
                             {{Init::Kind::uniform, half_width}, bias});
    }
}

void PixelHead::declare_outputs(Builder& builder) const {
    const std::int64_t in = config_.pixel_channels;
    if (config_.embed_mode == EmbedMode::coordconv) {
        builder.declare_conv(free_, in + 2, config_.embed_dim, 3, true, ConvInit::head());
        return;
    }
    if (config_.spatial_dims > 0) {
        builder.declare_conv(spatial_, in, config_.spatial_dims, 3, true, ConvInit::head());
    }
    if (free_dims(config_) > 0) {
        builder.declare_conv(free_, in, free_dims(config_), 3, true, ConvInit::head());
    }
    if (!position_scale_.empty() && config_.spatial_dims > 0) {
        builder.declare_scale(position_scale_);
    }
}

NodeId PixelHead::fused_features(Builder& builder, const std::array<NodeId, 5>& p) const {
    if (!is_fused(config_)) {
        return p[0];
    }
    NodeId sum = block(builder, p[0], branch_ + "refine.0");
    for (int level = 1; level < kRefinedLevels; ++level) {
        const NodeId refined = block(builder, p[level], fmt::format("{}refine.{}", branch_, level));
        sum = builder.add(sum, builder.resample(refined, 1 << level));
    }
    return sum;
}

NodeId PixelHead::tower(Builder& builder, NodeId x) const {
    if (!uses_batch_norm(config_)) {
        return gn_tower_.forward(builder, x);
    }
    for (int i = 0; i < config_.tower_convs; ++i) {
        x = block(builder, x, fmt::format("{}tower.{}", branch_, i));
    }
    return builder.conv(x, fmt::format("{}tower.{}", branch_, config_.tower_convs));
}

void PixelHead::forward(Builder& builder, const std::array<NodeId, 5>& pyramid) const {
    NodeId x = tower(builder, fused_features(builder, pyramid));
    const int stride = static_cast<int>(config_.strides[0]);
    x = builder.multiply(x, 1 / config_.embed_reduce_factor);
    NodeId embedding = 0;
    if (config_.embed_mode == EmbedMode::coordconv) {
        embedding = builder.conv(
            builder.append_coordinates(x, stride, config_.position_divisor,
                                       config_.coordconv_range == CoordConvRange::unit),
            free_);
    } else {
        std::vector<NodeId> parts;
        if (config_.spatial_dims > 0) {
            parts.push_back(builder.add_coordinates(builder.conv(x, spatial_), position_scale_,
                                                    stride, config_.position_divisor));
        }
        if (free_dims(config_) > 0) {
            parts.push_back(builder.conv(x, free_));
        }
        embedding = builder.concat(parts);
    }
    builder.output("pixel_embedding", embedding);
    if (config_.semantic_loss) {
        const NodeId features = block(builder, block(builder, pyramid[0], branch_ + "seg_head.0"),
                                      branch_ + "seg_head.1");
        builder.output("semantic_logits", builder.conv(features, branch_ + "logits"), true);
    }
}

}  // namespace embedmask::network
