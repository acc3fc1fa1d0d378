#include "network/proposal_head.h"

#include <fmt/format.h>

#include <cmath>

#include "network/activation.h"

namespace embedmask::network {
namespace {

bool is_coordconv(const Config& config) {
    return config.embed_mode == EmbedMode::coordconv;
}

bool has_bottleneck(const Config& config) {
    return config.proposal_head == ProposalHeadKind::conv1_conv3;
}

bool has_hidden(const Config& config) {
    return config.proposal_head == ProposalHeadKind::conv1;
}

bool is_relative(const Config& config) {
    return config.spatial_embedding == SpatialEmbedding::relative;
}

// Width of the 1x1 bottlenecks of "conv1_conv3" (§4.9).
constexpr std::int64_t kBottleneck = 128;

// The shortest half side of a box, in pixels, that a margin refers to.
constexpr double kShortestHalfSide = 2;

// A spatial embedding relative to the box moves by this share of the box's sides at o = 1.
constexpr double kReach = 0.25;

}  // namespace

ProposalHead::ProposalHead(const Config& config, const DetectorFeatures& detector)
    : config_(config), detector_(detector) {
    const bool with_pyramid = config.proposal_input == ProposalInput::tower_pyramid;
    in_ = detector.tower_channels + (with_pyramid ? detector.pyramid_channels : 0);
    if (config.names == ParameterNames::detectron2) {
        const std::string head = "proposal_head.";
        names_ = {head + "hidden",
                  head + "embed_conv",
                  head + "margin_conv",
                  head + "embed_head.spatial_embed_head",
                  head + "embed_head.free_embed_head",
                  "",
                  head + "spatial_margin_head",
                  head + "free_margin_head",
                  head + "margin_scales",
                  config.position_scale == PositionScale::learned ? head + "position_scale" : ""};
    } else {
        const std::string head = "rpn.head.";
        names_ = {head + "proposal_hidden",
                  head + "proposal_embed_conv",
                  head + "proposal_margin_conv",
                  head + "proposal_spatial_embed_pred",
                  head + "proposal_other_embed_pred",
                  head + "proposal_margin_pred",
                  head + "proposal_spatial_margin_pred",
                  head + "proposal_other_margin_pred",
                  head + "margin_scales",
                  config.position_scale == PositionScale::learned ? head + "position_scale" : ""};
    }
}

bool ProposalHead::has_split_margin() const {
    return config_.names == ParameterNames::detectron2 || is_relative(config_);
}

std::string ProposalHead::of_level(const std::string& name, int level) const {
    return config_.proposal_per_level ? fmt::format("{}.{}", name, level) : name;
}

ConvInit ProposalHead::output_init(double bias) const {
    if (!has_hidden(config_)) {
        return ConvInit::head(bias);
    }
    // Small, so that the margins start near their prior.
    constexpr double kScale = 0.3;
    const auto fan_in = static_cast<double>(detector_.tower_channels);
    return {{Init::Kind::uniform, kScale / std::sqrt(fan_in)}, bias};
}

void ProposalHead::declare_output(Builder& builder, const std::string& name, int level,
                                  std::int64_t out, double bias, std::int64_t extra_inputs) const {
    if (out == 0) {
        return;
    }
    std::int64_t in = in_;
    if (has_bottleneck(config_)) {
        in = kBottleneck;
    } else if (has_hidden(config_)) {
        in = detector_.tower_channels;
    }
    builder.declare_conv(of_level(name, level), in + extra_inputs, out, has_hidden(config_) ? 1 : 3,
                         true, output_init(bias));
}

void ProposalHead::declare_bottleneck(Builder& builder, const std::string& name, int level) const {
    if (has_bottleneck(config_)) {
        builder.declare_conv(of_level(name, level), in_, kBottleneck, 1, true, ConvInit::head());
    }
}

void ProposalHead::declare_embeddings(Builder& builder, int level) const {
    if (is_coordconv(config_)) {
        constexpr std::int64_t kCoordinates = 2;
        declare_output(builder, names_.free, level, config_.embed_dim, 0, kCoordinates);
        return;
    }
    declare_output(builder, names_.spatial, level, config_.spatial_dims, 0);
    declare_output(builder, names_.free, level, free_dims(config_), 0);
}

void ProposalHead::declare_level_scales(Builder& builder) const {
    if (config_.margin_level_scale == MarginLevelScale::none) {
        return;
    }
    for (std::size_t level = 0; level < detector_.levels.size(); ++level) {
        builder.declare_scale(fmt::format("{}.{}", names_.level_scale, level));
    }
}

void ProposalHead::declare_level(Builder& builder, int level) const {
    const double bias = std::log(initial_margin(config_));
    // Relative to the box, the probability at its corners starts at one half.
    const double spatial_bias = is_relative(config_) ? std::log(std::log(2.0) / 2) : bias;
    if (has_hidden(config_)) {
        builder.declare_conv(of_level(names_.hidden, level), in_, detector_.tower_channels, 1, true,
                             ConvInit::kaiming(in_));
    }
    if (has_split_margin()) {
        // detectron2 registers the margin branch first, with one convolution per part.
        declare_bottleneck(builder, names_.margin_conv, level);
        declare_output(builder, names_.spatial_margin, level, config_.spatial_dims, spatial_bias);
        declare_output(builder, names_.free_margin, level, free_dims(config_), bias);
        if (level == 0) {
            declare_level_scales(builder);
        }
        declare_bottleneck(builder, names_.embed_conv, level);
        declare_embeddings(builder, level);
    } else {
        declare_bottleneck(builder, names_.embed_conv, level);
        declare_bottleneck(builder, names_.margin_conv, level);
        declare_embeddings(builder, level);
        declare_output(builder, names_.margin, level, config_.embed_dim, bias);
        if (level == 0) {
            declare_level_scales(builder);
        }
    }
}

void ProposalHead::declare(Builder& builder) const {
    const int sets = config_.proposal_per_level ? static_cast<int>(detector_.levels.size()) : 1;
    for (int level = 0; level < sets; ++level) {
        declare_level(builder, level);
    }
}

NodeId ProposalHead::input(Builder& builder, int level) const {
    const DetectorLevel& features = detector_.levels[static_cast<std::size_t>(level)];
    NodeId x = features.tower;
    if (config_.proposal_input == ProposalInput::tower_pyramid) {
        x = builder.concat({x, features.pyramid});
    }
    if (!has_hidden(config_)) {
        return x;
    }
    return activate(builder, builder.conv(x, of_level(names_.hidden, level)), config_);
}

// Half the width and height of the box, in the units of the embeddings.
NodeId ProposalHead::half_size(Builder& builder, int level) const {
    const DetectorLevel& features = detector_.levels[static_cast<std::size_t>(level)];
    const NodeId size =
        builder.add(builder.slice(features.box, 0, 2), builder.slice(features.box, 2, 4));
    return builder.multiply(size, features.box_unit / (2 * config_.position_divisor));
}

// Absolute: coordinates of the location plus o (§4.3). Relative: centre of the box plus o quarters
// of its sides.
NodeId ProposalHead::spatial_embedding(Builder& builder, NodeId x, int level) const {
    const DetectorLevel& features = detector_.levels[static_cast<std::size_t>(level)];
    const NodeId o = builder.conv(x, of_level(names_.spatial, level));
    if (!is_relative(config_)) {
        return builder.add_coordinates(o, names_.position_scale, features.grid,
                                       config_.position_divisor);
    }
    const NodeId left_top = builder.slice(features.box, 0, 2);
    const NodeId right_bottom = builder.slice(features.box, 2, 4);
    const NodeId shift = builder.multiply(builder.add(right_bottom, builder.multiply(left_top, -1)),
                                          features.box_unit / (2 * config_.position_divisor));
    const NodeId center =
        builder.add_coordinates(shift, "", features.grid, config_.position_divisor);
    const NodeId reach = builder.multiply(half_size(builder, level), 2 * kReach);
    return builder.add(center, builder.product(reach, o));
}

NodeId ProposalHead::embedding(Builder& builder, NodeId x, int level) const {
    x = builder.multiply(x, 1 / config_.embed_reduce_factor);
    if (has_bottleneck(config_)) {
        x = builder.conv(x, of_level(names_.embed_conv, level));
    }
    if (is_coordconv(config_)) {
        const Grid& grid = detector_.levels[static_cast<std::size_t>(level)].grid;
        return builder.conv(
            builder.append_coordinates(x, grid, config_.position_divisor,
                                       config_.coordconv_range == CoordConvRange::unit),
            of_level(names_.free, level));
    }
    std::vector<NodeId> parts;
    if (config_.spatial_dims > 0) {
        parts.push_back(spatial_embedding(builder, x, level));
    }
    if (free_dims(config_) > 0) {
        parts.push_back(builder.conv(x, of_level(names_.free, level)));
    }
    return builder.concat(parts);
}

// Relative to the box: exp(g − 2 ln h) = exp(g) / h², h half a side of the box.
NodeId ProposalHead::spatial_margin_logits(Builder& builder, NodeId g, int level) const {
    if (config_.margin_level_scale != MarginLevelScale::none) {
        g = builder.learned_scale(g, fmt::format("{}.{}", names_.level_scale, level));
    }
    if (!is_relative(config_)) {
        return g;
    }
    const NodeId side =
        builder.log(half_size(builder, level), kShortestHalfSide / config_.position_divisor);
    return builder.add(g, builder.multiply(side, -2));
}

NodeId ProposalHead::margin_logits(Builder& builder, NodeId x, int level) const {
    x = builder.multiply(x, 1 / config_.margin_reduce_factor);
    if (has_bottleneck(config_)) {
        x = builder.conv(x, of_level(names_.margin_conv, level));
    }
    const auto spatial_dims = static_cast<int>(config_.spatial_dims);
    const auto dims = static_cast<int>(config_.embed_dim);
    std::vector<NodeId> parts;
    if (has_split_margin()) {
        if (spatial_dims > 0) {
            const NodeId g = builder.conv(x, of_level(names_.spatial_margin, level));
            parts.push_back(spatial_margin_logits(builder, g, level));
        }
        if (dims > spatial_dims) {
            parts.push_back(builder.conv(x, of_level(names_.free_margin, level)));
        }
        return builder.concat(parts);
    }
    const NodeId g = builder.conv(x, of_level(names_.margin, level));
    if (spatial_dims == 0 || config_.margin_level_scale == MarginLevelScale::none) {
        return g;
    }
    if (dims == spatial_dims) {
        return spatial_margin_logits(builder, g, level);
    }
    parts = {spatial_margin_logits(builder, builder.slice(g, 0, spatial_dims), level),
             builder.slice(g, spatial_dims, dims)};
    return builder.concat(parts);
}

void ProposalHead::forward(Builder& builder, int level) const {
    const NodeId x = input(builder, level);
    builder.output(output_name("embedding", level), embedding(builder, x, level));
    const NodeId g = margin_logits(builder, x, level);
    // Training needs g itself: the loss must reach g even if exp(g) overflows (§6.5), and with a
    // fixed margin g is the only remaining output of the branch.
    builder.output(output_name("margin_logits", level), g, true);
    if (!config_.fix_margin) {
        builder.output(output_name("margin", level), builder.exp(g));
    }
}

}  // namespace embedmask::network
