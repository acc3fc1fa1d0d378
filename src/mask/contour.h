// Traces the polygons around a mask.
#pragma once

#include <vector>

#include "embedmask/rle.h"

namespace embedmask::mask {

struct Point {
    float x = 0;
    float y = 0;

    bool operator==(const Point&) const = default;
};

/// A closed ring; the last point is not repeated.
using Ring = std::vector<Point>;

/// One connected component of a mask.
struct Polygon {
    Ring outer;               ///< clockwise on screen (y points down)
    std::vector<Ring> holes;  ///< counter-clockwise
};

/// The boundary of a mask along the edges of its pixels: pixel (column x, row y) is the square from
/// (x, y) to (x + 1, y + 1), so filling outer rings minus holes reproduces the mask exactly. Pixels
/// that touch only at a corner belong to different parts. Parts are ordered by their first pixel in
/// row order; a ring has points only where it turns.
std::vector<Polygon> trace(const Rle& mask);

/// Drops points within `tolerance` pixels of the remaining line (Douglas and Peucker 1973). Keeps
/// at least three points of a ring that has them; tolerance 0 drops nothing.
Ring simplify(const Ring& ring, float tolerance);

}  // namespace embedmask::mask
