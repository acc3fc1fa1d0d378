// Turns labels like their image: from stored rows to the upright image.
#pragma once

#include <vector>

#include "embedmask/box.h"
#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

// `stored` is the size before turning, `orientation` is that of EXIF, 1..8.

/// A mask that refers to stored rows, as a mask of the upright image.
Rle turned(const Rle& mask, int orientation);

/// A ring x0, y0, x1, y1, ... in pixels.
std::vector<double> turned(const std::vector<double>& ring, ImageSize stored, int orientation);

CocoBox turned(const CocoBox& box, ImageSize stored, int orientation);

}  // namespace embedmask::data
