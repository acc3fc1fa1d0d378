// The whole network: a detector and the heads that EmbedMask adds to it.
#include <array>

#include "config/detector.h"
#include "network/fcos.h"
#include "network/nanodet.h"
#include "network/pixel_head.h"
#include "network/proposal_head.h"

namespace embedmask::network {
namespace {

DetectorFeatures detector(Builder& builder, const Config& config) {
    constexpr std::array kDetectors{fcos, nanodet};
    static_assert(kDetectors.size() == detail::kDetectorKinds);
    DetectorFeatures features =
        kDetectors.at(static_cast<std::size_t>(config.detector))(builder, config);
    if (config.freeze_detector) {
        builder.freeze();
    }
    return features;
}

// Registration order is that of the checkpoints (§4.6, §10.5).
void declare(Builder& builder, const Config& config, const ProposalHead& proposal,
             const PixelHead& pixel) {
    if (config.names == ParameterNames::detectron2) {
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
    const DetectorFeatures features = detector(builder, config);
    if (has_masks(config)) {
        const ProposalHead proposal(config, features);
        const PixelHead pixel(config, features);
        declare(builder, config, proposal, pixel);
        for (std::size_t level = 0; level < features.levels.size(); ++level) {
            proposal.forward(builder, static_cast<int>(level));
        }
        pixel.forward(builder);
    }
    return builder.finish();
}

}  // namespace embedmask::network
