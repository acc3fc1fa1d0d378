// What a detector decides for the rest of the program.
#pragma once

#include <vector>

#include "embedmask/config.h"

namespace embedmask::detail {

struct Detector {
    std::vector<std::int64_t> strides;  ///< of its levels, pixels
    bool at_cell_centers = true;  ///< locations are (column + ½, row + ½) · stride, else corners
    bool has_centerness = true;
};

const Detector& detector_of(DetectorKind kind);

}  // namespace embedmask::detail
