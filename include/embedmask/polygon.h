/// @file
/// The polygon rasteriser of COCO (spec §2.7).
#pragma once

#include <span>
#include <vector>

#include "embedmask/export.h"
#include "embedmask/rle.h"

namespace embedmask {

/// The mask of one closed ring x0, y0, x1, y1, ... in pixels (a trailing odd number is ignored),
/// bit-equal to that of COCO. Vertices may lie outside the image. Error for a coordinate that is
/// not finite or beyond ±2^20, and for an outline that crosses more than 2^26 pixel columns. Time
/// is proportional to the columns crossed. Thread-safe.
EMBEDMASK_EXPORT Rle rasterize_ring(std::span<const double> ring, int height, int width);

/// The union of several rings: the mask of one object. Rings with fewer than 6 numbers are ignored.
/// Error as for `rasterize_ring`.
EMBEDMASK_EXPORT Rle rasterize_polygons(std::span<const std::vector<double>> rings, int height,
                                        int width);

}  // namespace embedmask
