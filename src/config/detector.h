// What a detector decides for the rest of the program.
#pragma once

#include <cstddef>
#include <vector>

#include "embedmask/config.h"

namespace embedmask::detail {

struct Detector {
    std::vector<std::int64_t> strides;  ///< of its levels, pixels
    bool at_cell_centers = true;  ///< locations are (column + ½, row + ½) · stride, else corners
    bool has_centerness = true;
    std::int64_t (*pyramid_channels)(const Config&);  ///< of every level
};

/// Number of detectors; tables of detectors are in the order of DetectorKind.
inline constexpr std::size_t kDetectorKinds = 2;

const Detector& detector_of(DetectorKind kind);

/// Channels of every level of NanoDet-Plus-m.
inline constexpr std::int64_t kNanodetChannels = 96;

// NanoDet-Plus predicts a distribution over bins for each side of a box.
inline constexpr std::int64_t kBoxSides = 4;
inline constexpr std::int64_t kBoxBins = 8;  ///< distances 0, 1, ..., 7 strides

}  // namespace embedmask::detail
