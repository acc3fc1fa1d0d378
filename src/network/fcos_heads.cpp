#include "network/fcos_heads.h"

#include <fmt/format.h>

#include <cmath>

namespace embedmask::network {
namespace {

Tower fcos_tower(const Config& config, const std::string& name) {
    return {name, config.fpn.channels, config.tower_channels, config.tower_convs,
            static_cast<int>(config.tower_groups)};
}

}  // namespace

FcosHeads::FcosHeads(const Config& config)
    : config_(config),
      prefix_(config.names == ParameterNames::detectron2 ? "proposal_generator.fcos_head."
                                                         : "rpn.head."),
      centerness_(prefix_ +
                  (config.names == ParameterNames::detectron2 ? "ctrness" : "centerness")),
      class_tower_(fcos_tower(config, prefix_ + "cls_tower")),
      box_tower_(fcos_tower(config, prefix_ + "bbox_tower")) {}

std::string FcosHeads::scale_name(std::size_t level) const {
    return fmt::format("{}scales.{}", prefix_, level);
}

void FcosHeads::declare(Builder& builder) const {
    class_tower_.declare(builder);
    box_tower_.declare(builder);
    const std::int64_t in = config_.tower_channels;
    const double class_bias = -std::log((1 - config_.prior_prob) / config_.prior_prob);
    builder.declare_conv(prefix_ + "cls_logits", in, config_.num_classes, 3, true,
                         ConvInit::head(class_bias));
    builder.declare_conv(prefix_ + "bbox_pred", in, 4, 3, true, ConvInit::head());
    builder.declare_conv(centerness_, in, 1, 3, true, ConvInit::head());
    for (std::size_t level = 0; level < config_.strides.size(); ++level) {
        builder.declare_scale(scale_name(level));
    }
}

void FcosHeads::forward(Builder& builder, DetectorLevel& level, int number) const {
    const NodeId class_features = class_tower_.forward(builder, level.pyramid);
    level.tower = box_tower_.forward(builder, level.pyramid);
    builder.output(output_name("class_logits", number),
                   builder.conv(class_features, prefix_ + "cls_logits"));
    const NodeId distances =
        builder.learned_scale(builder.conv(level.tower, prefix_ + "bbox_pred"), scale_name(number));
    level.box = config_.norm_reg_targets ? builder.relu(distances) : builder.exp(distances);
    builder.output(output_name("box", number), level.box);
    const NodeId centerness_features = config_.centerness_on_reg ? level.tower : class_features;
    builder.output(output_name("centerness", number),
                   builder.conv(centerness_features, centerness_));
}

}  // namespace embedmask::network
