#include <fmt/format.h>

#include <cmath>

#include "network/embedding_heads.h"
#include "network/fpn.h"

namespace embedmask::network {
namespace {

bool is_coordconv(const Config& config) {
    return config.embed_mode == EmbedMode::coordconv;
}

bool has_bottleneck(const Config& config) {
    return config.proposal_head == ProposalHeadKind::conv1_conv3;
}

// Width of the 1x1 bottlenecks of "conv1_conv3" (§4.9).
constexpr std::int64_t kBottleneck = 128;

}  // namespace

ProposalHead::ProposalHead(const Config& config) : config_(config) {
    if (config.names == ParameterNames::detectron2) {
        const std::string head = "proposal_head.";
        names_ = {head + "embed_conv",
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
        names_ = {head + "proposal_embed_conv",
                  head + "proposal_margin_conv",
                  head + "proposal_spatial_embed_pred",
                  head + "proposal_other_embed_pred",
                  head + "proposal_margin_pred",
                  "",
                  "",
                  head + "margin_scales",
                  config.position_scale == PositionScale::learned ? head + "position_scale" : ""};
    }
}

void ProposalHead::declare(Builder& builder) const {
    const bool bottleneck = has_bottleneck(config_);
    const std::int64_t in = bottleneck ? kBottleneck : config_.tower_channels;
    const double margin_bias = std::log(initial_margin(config_));
    const auto conv3x3 = [&](const std::string& name, std::int64_t from, std::int64_t to,
                             double bias = 0) {
        if (to > 0) {
            builder.declare_conv(name, from, to, 3, true, ConvInit::head(bias));
        }
    };
    const auto bottleneck_conv = [&](const std::string& name) {
        if (!bottleneck) {
            return;
        }
        builder.declare_conv(name, config_.tower_channels, kBottleneck, 1, true, ConvInit::head());
    };
    const auto embeddings = [&] {
        if (is_coordconv(config_)) {
            conv3x3(names_.free, in + 2, config_.embed_dim);
            return;
        }
        conv3x3(names_.spatial, in, config_.spatial_dims);
        conv3x3(names_.free, in, free_dims(config_));
    };
    const auto level_scales = [&] {
        if (config_.margin_level_scale == MarginLevelScale::none) {
            return;
        }
        for (int level = 0; level < kPyramidLevels; ++level) {
            builder.declare_scale(fmt::format("{}.{}", names_.level_scale, level));
        }
    };
    if (names_.margin.empty()) {
        // detectron2 registers the margin branch first, with one convolution per part.
        bottleneck_conv(names_.margin_conv);
        conv3x3(names_.spatial_margin, in, config_.spatial_dims, margin_bias);
        conv3x3(names_.free_margin, in, free_dims(config_), margin_bias);
        level_scales();
        bottleneck_conv(names_.embed_conv);
        embeddings();
    } else {
        bottleneck_conv(names_.embed_conv);
        bottleneck_conv(names_.margin_conv);
        embeddings();
        conv3x3(names_.margin, in, config_.embed_dim, margin_bias);
        level_scales();
    }
}

NodeId ProposalHead::embedding(Builder& builder, NodeId x, int stride) const {
    x = builder.multiply(x, 1 / config_.embed_reduce_factor);
    if (has_bottleneck(config_)) {
        x = builder.conv(x, names_.embed_conv);
    }
    if (is_coordconv(config_)) {
        return builder.conv(
            builder.append_coordinates(x, stride, config_.position_divisor,
                                       config_.coordconv_range == CoordConvRange::unit),
            names_.free);
    }
    std::vector<NodeId> parts;
    if (config_.spatial_dims > 0) {
        parts.push_back(builder.add_coordinates(builder.conv(x, names_.spatial),
                                                names_.position_scale, stride,
                                                config_.position_divisor));
    }
    if (free_dims(config_) > 0) {
        parts.push_back(builder.conv(x, names_.free));
    }
    return builder.concat(parts);
}

NodeId ProposalHead::margin_logits(Builder& builder, NodeId x, int level) const {
    x = builder.multiply(x, 1 / config_.margin_reduce_factor);
    if (has_bottleneck(config_)) {
        x = builder.conv(x, names_.margin_conv);
    }
    const auto spatial_dims = static_cast<int>(config_.spatial_dims);
    const auto dims = static_cast<int>(config_.embed_dim);
    const auto scaled = [&](NodeId part) {
        if (config_.margin_level_scale == MarginLevelScale::none) {
            return part;
        }
        return builder.learned_scale(part, fmt::format("{}.{}", names_.level_scale, level));
    };
    std::vector<NodeId> parts;
    if (names_.margin.empty()) {
        if (spatial_dims > 0) {
            parts.push_back(scaled(builder.conv(x, names_.spatial_margin)));
        }
        if (dims > spatial_dims) {
            parts.push_back(builder.conv(x, names_.free_margin));
        }
        return builder.concat(parts);
    }
    const NodeId g = builder.conv(x, names_.margin);
    if (spatial_dims == 0 || config_.margin_level_scale == MarginLevelScale::none) {
        return g;
    }
    if (dims == spatial_dims) {
        return scaled(g);
    }
    parts = {scaled(builder.slice(g, 0, spatial_dims)), builder.slice(g, spatial_dims, dims)};
    return builder.concat(parts);
}

void ProposalHead::forward(Builder& builder, NodeId box_features, int level) const {
    const int stride = static_cast<int>(config_.strides[level]);
    builder.output(output_name("embedding", level), embedding(builder, box_features, stride));
    const NodeId g = margin_logits(builder, box_features, level);
    // Training needs g itself: the loss must reach g even if exp(g) overflows (§6.5), and with a
    // fixed margin g is the only remaining output of the branch.
    builder.output(output_name("margin_logits", level), g, true);
    if (!config_.fix_margin) {
        builder.output(output_name("margin", level), builder.exp(g));
    }
}

}  // namespace embedmask::network
