// The whole network: backbone, pyramid, detector, embedding heads.
#include <optional>

#include "network/backbone.h"
#include "network/embedding_heads.h"
#include "network/fcos.h"
#include "network/fpn.h"
#include "network/nanodet.h"

namespace embedmask::network {
namespace {

// Registration order is that of the checkpoints (§4.6, §10.5), on which optimiser states depend.
void declare(Builder& builder, const Config& config, const Fcos& detector) {
    const bool detectron = config.names == ParameterNames::detectron2;
    if (detectron) {
        declare_fpn(builder, config);
        declare_backbone(builder, config);
    } else {
        declare_backbone(builder, config);
        declare_fpn(builder, config);
    }
    detector.declare_towers(builder);
    detector.declare_outputs(builder);
    if (!has_masks(config)) {
        return;
    }
    const ProposalHead proposal(config);
    const PixelHead pixel(config);
    if (detectron) {
        pixel.declare_branch(builder);
        proposal.declare(builder);
    } else {
        proposal.declare(builder);
        pixel.declare_branch(builder);
    }
    pixel.declare_outputs(builder);
}

}  // namespace

Graph embedmask(const Config& config) {
    Builder builder;
    if (config.detector == DetectorKind::nanodet) {
        nanodet(builder, config);
        return builder.finish();
    }
    const Fcos detector(config);
    declare(builder, config, detector);
    const auto pyramid = fpn(builder, config, backbone(builder, config));
    for (int level = 0; level < static_cast<int>(pyramid.size()); ++level) {
        const NodeId box_features = detector.forward(builder, pyramid[level], level);
        if (has_masks(config)) {
            ProposalHead(config).forward(builder, box_features, level);
        }
    }
    if (has_masks(config)) {
        PixelHead(config).forward(builder, pyramid);
    }
    return builder.finish();
}

}  // namespace embedmask::network
