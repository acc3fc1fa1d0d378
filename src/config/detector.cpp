#include "config/detector.h"

#include <array>

namespace embedmask::detail {

const Detector& detector_of(DetectorKind kind) {
    static const std::array<Detector, kDetectorKinds> kDetectors{{
        {.strides = {8, 16, 32, 64, 128},
         .pyramid_channels = [](const Config& config) { return config.fpn.channels; }},
        {.strides = {8, 16, 32, 64},
         .at_cell_centers = false,
         .has_centerness = false,
         .pyramid_channels = [](const Config&) { return kNanodetChannels; }},
    }};
    return kDetectors[static_cast<std::size_t>(kind)];
}

}  // namespace embedmask::detail
