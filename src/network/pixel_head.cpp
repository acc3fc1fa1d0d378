#include "network/pixel_head.h"

#include <fmt/format.h>

#include <cmath>

#include "network/activation.h"

namespace embedmask::network {
namespace {

constexpr int kFineBlocks = 2;

bool has_group_norm_tower(const Config& config) {
    return config.pixel_norm == PixelNorm::gn && config.pixel_tower == PixelTower::conv;
}

bool is_fine(const Config& config) {
    return config.pixel_stride < config.strides[0];
}

void declare_units(Builder& builder, const std::vector<PixelUnit>& units, const Config& config) {
    for (const PixelUnit& unit : units) {
        unit.declare(builder, config);
    }
}

NodeId forward_units(Builder& builder, NodeId x, const std::vector<PixelUnit>& units,
                     const Config& config) {
    for (const PixelUnit& unit : units) {
        x = unit.forward(builder, x, config);
    }
    return x;
}

void append(std::vector<PixelUnit>& units, const std::vector<PixelUnit>& more) {
    units.insert(units.end(), more.begin(), more.end());
}

// Weight and bias uniform in ±1/sqrt(fan_in), the framework's default (§4.9).
double default_half_width(std::int64_t fan_in) {
    return 1 / std::sqrt(static_cast<double>(fan_in));
}

}  // namespace

PixelHead::PixelHead(const Config& config, const DetectorFeatures& detector)
    : config_(config), detector_(detector) {
    const bool detectron = config.names == ParameterNames::detectron2;
    branch_ = detectron ? "mask_branch." : "rpn.head.mask_branch.";
    spatial_ = detectron ? "pixel_head.spatial_embed_head" : "rpn.head.pixel_spatial_embed_pred";
    free_ = detectron ? "pixel_head.free_embed_head" : "rpn.head.pixel_other_embed_pred";
    if (config.position_scale == PositionScale::learned) {
        position_scale_ = detectron ? "pixel_head.position_scale" : "rpn.head.position_scale";
    }
    plan_fusion();
    plan_tower();
    out_ = config_.pixel_channels;
    if (is_fine(config_)) {
        plan_fine_stage();
    }
    if (config_.semantic_loss) {
        const std::int64_t channels = config_.pixel_channels;
        semantic_ = {
            {.name = branch_ + "seg_head.0", .in = detector_.pyramid_channels, .out = channels},
            {.name = branch_ + "seg_head.1", .in = channels, .out = channels}};
    }
}

void PixelHead::plan_fusion() {
    const std::int64_t in = detector_.pyramid_channels;
    if (config_.pixel_fusion == PixelFusion::p3p4p5) {
        for (int level = 0; level < 3; ++level) {
            fusion_.push_back({.name = fmt::format("{}refine.{}", branch_, level),
                               .in = in,
                               .out = config_.pixel_channels});
        }
    } else if (config_.pixel_fusion == PixelFusion::top_down) {
        for (int level = 1; level < 3; ++level) {
            fusion_.push_back({.name = fmt::format("{}lateral.{}", branch_, level),
                               .in = in,
                               .out = in,
                               .kernel = 1,
                               .activated = false});
        }
    }
}

void PixelHead::plan_tower() {
    const std::int64_t channels = config_.pixel_channels;
    const std::int64_t in =
        config_.pixel_fusion == PixelFusion::p3p4p5 ? channels : detector_.pyramid_channels;
    if (has_group_norm_tower(config_)) {
        gn_tower_ = {"rpn.head.mask_tower",
                     in,
                     channels,
                     config_.tower_convs,
                     static_cast<int>(config_.tower_groups),
                     negative_slope(config_)};
        return;
    }
    for (int i = 0; i < config_.tower_convs; ++i) {
        append(tower_, pixel_block(config_, fmt::format("{}tower.{}", branch_, i),
                                   i == 0 ? in : channels, channels));
    }
    if (config_.pixel_tower == PixelTower::conv) {
        last_ = fmt::format("{}tower.{}", branch_, config_.tower_convs);
    }
}

// Doubles the resolution with half of the channels.
void PixelHead::plan_fine_stage() {
    out_ = config_.pixel_channels / 2;
    const auto lateral = [&](const char* name, std::int64_t in) {
        fine_inputs_.push_back(
            {.name = branch_ + name, .in = in, .out = out_, .kernel = 1, .activated = false});
    };
    lateral("fine.reduce", config_.pixel_channels);
    lateral("fine.lateral", detector_.quarter.channels);
    for (int i = 0; i < kFineBlocks; ++i) {
        append(fine_, pixel_block(config_, fmt::format("{}fine.{}", branch_, i), out_, out_));
    }
}

void PixelHead::declare_branch(Builder& builder) const {
    const std::int64_t channels = config_.pixel_channels;
    declare_units(builder, fusion_, config_);
    if (has_group_norm_tower(config_)) {
        gn_tower_.declare(builder);
    }
    declare_units(builder, tower_, config_);
    if (!last_.empty()) {
        builder.declare_conv(last_, channels, channels, 3, true,
                             {{Init::Kind::uniform, default_half_width(channels * 9)}, 0});
    }
    declare_units(builder, fine_inputs_, config_);
    declare_units(builder, fine_, config_);
    if (config_.semantic_loss) {
        declare_units(builder, semantic_, config_);
        const double bias = -std::log((1 - config_.prior_prob) / config_.prior_prob);
        builder.declare_conv(branch_ + "logits", channels, config_.num_classes, 1, true,
                             {{Init::Kind::uniform, default_half_width(channels)}, bias});
    }
}

void PixelHead::declare_outputs(Builder& builder) const {
    const auto declare = [&](const std::string& name, std::int64_t in, std::int64_t out) {
        const auto kernel = static_cast<int>(config_.pixel_output_kernel);
        const ConvInit init = kernel == 1
                                  ? ConvInit{{Init::Kind::uniform, default_half_width(in)}, 0}
                                  : ConvInit::head();
        builder.declare_conv(name, in, out, kernel, true, init);
    };
    if (config_.embed_mode == EmbedMode::coordconv) {
        declare(free_, out_ + 2, config_.embed_dim);
        return;
    }
    if (config_.spatial_dims > 0) {
        declare(spatial_, out_, config_.spatial_dims);
    }
    if (free_dims(config_) > 0) {
        declare(free_, out_, free_dims(config_));
    }
    if (!position_scale_.empty() && config_.spatial_dims > 0) {
        builder.declare_scale(position_scale_);
    }
}

NodeId PixelHead::pyramid(int level) const {
    return detector_.levels[static_cast<std::size_t>(level)].pyramid;
}

NodeId PixelHead::fused_features(Builder& builder) const {
    if (config_.pixel_fusion == PixelFusion::p3) {
        return pyramid(0);
    }
    if (config_.pixel_fusion == PixelFusion::top_down) {
        NodeId x = fusion_[1].forward(builder, pyramid(2), config_);
        x = builder.add(fusion_[0].forward(builder, pyramid(1), config_),
                        builder.upsample_bilinear(x, 2));
        return builder.add(pyramid(0), builder.upsample_bilinear(x, 2));
    }
    NodeId sum = fusion_[0].forward(builder, pyramid(0), config_);
    for (int level = 1; level < 3; ++level) {
        const NodeId refined =
            fusion_[static_cast<std::size_t>(level)].forward(builder, pyramid(level), config_);
        sum = builder.add(sum, builder.resample(refined, 1 << level));
    }
    return sum;
}

NodeId PixelHead::tower(Builder& builder, NodeId x) const {
    if (has_group_norm_tower(config_)) {
        return gn_tower_.forward(builder, x);
    }
    x = forward_units(builder, x, tower_, config_);
    return last_.empty() ? x : builder.conv(x, last_);
}

NodeId PixelHead::fine_stage(Builder& builder, NodeId x) const {
    const NodeId coarse = fine_inputs_[0].forward(builder, x, config_);
    const NodeId lateral = fine_inputs_[1].forward(builder, detector_.quarter.node, config_);
    return forward_units(builder, builder.add(builder.upsample_bilinear(coarse, 2), lateral), fine_,
                         config_);
}

void PixelHead::forward(Builder& builder) const {
    NodeId x = tower(builder, fused_features(builder));
    if (is_fine(config_)) {
        x = fine_stage(builder, x);
    }
    const Grid grid = Grid::centered(static_cast<int>(config_.pixel_stride));
    x = builder.multiply(x, 1 / config_.embed_reduce_factor);
    NodeId embedding = 0;
    if (config_.embed_mode == EmbedMode::coordconv) {
        embedding = builder.conv(
            builder.append_coordinates(x, grid, config_.position_divisor,
                                       config_.coordconv_range == CoordConvRange::unit),
            free_);
    } else {
        std::vector<NodeId> parts;
        if (config_.spatial_dims > 0) {
            parts.push_back(builder.add_coordinates(builder.conv(x, spatial_), position_scale_,
                                                    grid, config_.position_divisor));
        }
        if (free_dims(config_) > 0) {
            parts.push_back(builder.conv(x, free_));
        }
        embedding = builder.concat(parts);
    }
    builder.output("pixel_embedding", embedding);
    if (config_.semantic_loss) {
        const NodeId features = forward_units(builder, pyramid(0), semantic_, config_);
        builder.output("semantic_logits", builder.conv(features, branch_ + "logits"), true);
    }
}

}  // namespace embedmask::network
