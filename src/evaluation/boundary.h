// Boundary IoU (Cheng et al. 2021): the band inside a mask along its outline.
#pragma once

#include "embedmask/rle.h"

namespace embedmask::detail {

/// The pixels of the mask within max(1, round(ratio * image diagonal)) pixels (Chebyshev) of the
/// background or of the image border. Works inside the mask's bounding box.
Rle boundary_band(const Rle& mask, double ratio);

}  // namespace embedmask::detail
