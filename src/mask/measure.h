// Measurements of a mask.
#pragma once

#include "embedmask/rle.h"

namespace embedmask::mask {

/// In pixels; pixel (column x, row y) is the square from (x, y) to (x + 1, y + 1).
struct Measurements {
    double area = 0;
    /// By the formula of Cauchy and Crofton for lines in four directions, holes included: within 4
    /// % for discs of radius 5 and 2 % from radius 12; 5 % less than the sides for rectangles along
    /// the axes.
    double perimeter = 0;
    double centroid_x = 0;
    double centroid_y = 0;
    double feret_max = 0;    ///< largest distance between two corners of pixels
    double feret_min = 0;    ///< least distance between two parallel lines around the mask
    double feret_angle = 0;  ///< of the largest distance, degrees from the x axis, 0 <= angle < 180
};

/// All zeros for a mask without pixels.
Measurements measure(const Rle& mask);

}  // namespace embedmask::mask
