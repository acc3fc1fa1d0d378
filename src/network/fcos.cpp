#include "network/fcos.h"

#include <fmt/format.h>

#include <cmath>

#include "network/fpn.h"

namespace embedmask::network {
namespace {

Tower tower(const Config& config, const std::string& name) {
    return {name, config.fpn.channels, config.tower_channels, config.tower_convs,
            static_cast<int>(config.tower_groups)};
}

}  // namespace

Fcos::Fcos(const Config& config)
    : config_(config),
      prefix_(config.names == ParameterNames::detectron2 ? "proposal_generator.fcos_head."
                                                         : "rpn.head."),
      centerness_(prefix_ +
                  (config.names == ParameterNames::detectron2 ? "ctrness" : "centerness")),
      class_tower_(tower(config, prefix_ + "cls_tower")),
      box_tower_(tower(config, prefix_ + "bbox_tower")) {}

std::string Fcos::scale_name(int level) const {
    return fmt::format("{}scales.{}", prefix_, level);
}

void Fcos::declare_towers(Builder& builder) const {
    class_tower_.declare(builder);
    box_tower_.declare(builder);
}

void Fcos::declare_outputs(Builder& builder) const {
    const std::int64_t in = config_.tower_channels;
    const double class_bias = -std::log((1 - config_.prior_prob) / config_.prior_prob);
    builder.declare_conv(prefix_ + "cls_logits", in, config_.num_classes, 3, true,
                         ConvInit::head(class_bias));
    builder.declare_conv(prefix_ + "bbox_pred", in, 4, 3, true, ConvInit::head());
    builder.declare_conv(centerness_, in, 1, 3, true, ConvInit::head());
    for (int level = 0; level < kPyramidLevels; ++level) {
        builder.declare_scale(scale_name(level));
    }
}

NodeId Fcos::forward(Builder& builder, NodeId feature, int level) const {
    const NodeId class_features = class_tower_.forward(builder, feature);
    const NodeId box_features = box_tower_.forward(builder, feature);
    builder.output(output_name("class_logits", level),
                   builder.conv(class_features, prefix_ + "cls_logits"));
    const NodeId distances =
        builder.learned_scale(builder.conv(box_features, prefix_ + "bbox_pred"), scale_name(level));
    builder.output(output_name("box", level),
                   config_.norm_reg_targets ? builder.relu(distances) : builder.exp(distances));
    const NodeId centerness_features = config_.centerness_on_reg ? box_features : class_features;
    builder.output(output_name("centerness", level),
                   builder.conv(centerness_features, centerness_));
    return box_features;
}

}  // namespace embedmask::network
