#include "network/fpn.h"

#include <fmt/format.h>

namespace embedmask::network {
namespace {

// Module names; `level` counts from 0 = P3.
struct Names {
    bool detectron;

    [[nodiscard]] std::string lateral(std::size_t level) const {
        return detectron ? fmt::format("backbone.fpn_lateral{}", level + 3)
                         : fmt::format("backbone.fpn.fpn_inner{}", level + 2);
    }
    [[nodiscard]] std::string output(std::size_t level) const {
        return detectron ? fmt::format("backbone.fpn_output{}", level + 3)
                         : fmt::format("backbone.fpn.fpn_layer{}", level + 2);
    }
    [[nodiscard]] std::string top(const char* block) const {
        return fmt::format("backbone.{}.{}", detectron ? "top_block" : "fpn.top_blocks", block);
    }
};

Names names_of(const Config& config) {
    return {config.names == ParameterNames::detectron2};
}

// If the backbone is truncated after C4 there is no C5, and P5 is a stride-2 convolution of P4.
bool has_c5(const Config& config) {
    return config.backbone.last_stage == LastStage::c5;
}

}  // namespace

void declare_fpn(Builder& builder, const Config& config) {
    const Names names = names_of(config);
    const std::int64_t channels = config.fpn.channels;
    const std::vector<std::int64_t> in = backbone_channels(config);
    const auto conv3x3 = [&](const std::string& name, std::int64_t from) {
        builder.declare_conv(name, from, channels, 3, true, ConvInit::kaiming(from * 9));
    };
    for (std::size_t level = 0; level < in.size(); ++level) {
        builder.declare_conv(names.lateral(level), in[level], channels, 1, true,
                             ConvInit::kaiming(in[level]));
        conv3x3(names.output(level), channels);
    }
    if (!has_c5(config)) {
        conv3x3(names.top("p5"), channels);
    }
    conv3x3(names.top("p6"), config.fpn.p6_from == P6Source::c5 ? in.back() : channels);
    conv3x3(names.top("p7"), channels);
}

std::vector<NodeId> fpn(Builder& builder, const Config& config, const BackboneFeatures& features) {
    const Names names = names_of(config);
    const std::size_t laterals = features.maps.size();
    std::vector<NodeId> pyramid(config.strides.size());
    NodeId inner = 0;
    for (std::size_t level = laterals; level-- > 0;) {
        const NodeId lateral = builder.conv(features.maps[level], names.lateral(level));
        const bool coarsest = level + 1 == laterals;
        inner = coarsest ? lateral : builder.add(lateral, builder.upsample_nearest(inner, 2));
        pyramid[level] = builder.conv(inner, names.output(level));
    }
    if (!has_c5(config)) {
        pyramid[2] = builder.conv(pyramid[1], names.top("p5"), 2);
    }
    const NodeId p6_input = config.fpn.p6_from == P6Source::c5 ? features.maps.back() : pyramid[2];
    pyramid[3] = builder.conv(p6_input, names.top("p6"), 2);
    pyramid[4] = builder.conv(builder.relu(pyramid[3]), names.top("p7"), 2);
    return pyramid;
}

}  // namespace embedmask::network
