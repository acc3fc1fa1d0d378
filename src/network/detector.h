// What a detector offers to EmbedMask's heads. A detector is one function that adds its nodes and
// outputs, listed in embedmask.cpp.
#pragma once

#include <vector>

#include "network/builder.h"

namespace embedmask::network {

struct FeatureMap {
    NodeId node = 0;
    std::int64_t channels = 0;
};

/// One level of a detector.
struct DetectorLevel {
    NodeId pyramid = 0;   ///< features of the level
    NodeId tower = 0;     ///< the detector's own features for boxes
    NodeId box = 0;       ///< distances l, t, r, b in units of `box_unit`
    Grid grid;            ///< locations
    double box_unit = 1;  ///< pixels
};

struct DetectorFeatures {
    std::vector<DetectorLevel> levels;  ///< P3, P4, ...
    std::int64_t pyramid_channels = 0;  ///< of every level
    std::int64_t tower_channels = 0;    ///< of every level
    FeatureMap quarter;                 ///< of the backbone, at stride 4
};

/// The levels with the locations and units that `config` defines.
DetectorFeatures features_of(const Config& config);

}  // namespace embedmask::network
