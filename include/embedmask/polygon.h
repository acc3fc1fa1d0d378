/// COCO's polygon rasteriser (spec §2.7).
#pragma once

#include <span>
#include <vector>

#include "embedmask/export.h"
#include "embedmask/rle.h"

namespace embedmask {

/// The mask of one closed ring x0, y0, x1, y1, ... in pixels (a trailing odd number is not used),
/// bit-equal to COCO's. Vertices may lie outside of the image. Error when a coordinate is not
/// finite or beyond +-2^20, or when the outline crosses more than 2^26 pixel columns: such a ring
/// is broken data and would only burn time. Time grows with the columns crossed. Thread-safe.
EMBEDMASK_EXPORT Rle rasterize_ring(std::span<const double> ring, int height, int width);

/// The union of several rings: the mask of one object. Rings with fewer than 6 numbers are ignored;
/// without any other ring the mask is empty.
EMBEDMASK_EXPORT Rle rasterize_polygons(std::span<const std::vector<double>> rings, int height,
                                        int width);

}  // namespace embedmask
