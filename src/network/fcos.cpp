#include "network/fcos.h"

#include "network/backbone.h"
#include "network/fcos_heads.h"
#include "network/fpn.h"

namespace embedmask::network {
namespace {

void declare(Builder& builder, const Config& config, const FcosHeads& heads) {
    if (config.names == ParameterNames::detectron2) {
        declare_fpn(builder, config);
        declare_backbone(builder, config);
    } else {
        declare_backbone(builder, config);
        declare_fpn(builder, config);
    }
    heads.declare(builder);
}

}  // namespace

DetectorFeatures fcos(Builder& builder, const Config& config) {
    const FcosHeads heads(config);
    declare(builder, config, heads);
    const BackboneFeatures maps = backbone(builder, config);
    const std::vector<NodeId> pyramid = fpn(builder, config, maps);
    DetectorFeatures features = features_of(config);
    features.pyramid_channels = config.fpn.channels;
    features.tower_channels = config.tower_channels;
    features.quarter = maps.quarter;
    for (std::size_t i = 0; i < pyramid.size(); ++i) {
        features.levels[i].pyramid = pyramid[i];
        heads.forward(builder, features.levels[i], static_cast<int>(i));
    }
    return features;
}

}  // namespace embedmask::network
