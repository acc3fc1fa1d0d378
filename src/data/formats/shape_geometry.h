// Shapes of labelling tools as rings and masks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

/// The limit of the rasteriser, in pixels.
inline constexpr double kFarthest = 1 << 20;

/// A coordinate rounded to a millionth of a pixel: restores those that were written as a
/// percentage or as the other side of a box, if they have at most six decimals.
double rounded_pixel(double value);

/// A rectangle turned clockwise by `degrees` around a point, as a ring.
std::vector<double> turned_rectangle(const CocoBox& box, double degrees, double around_x,
                                     double around_y);

/// An ellipse turned clockwise by `degrees` around its centre, as a polygon with sides of about 2
/// pixels. Error for negative radii and for those beyond the limit of the rasteriser.
std::vector<double> ellipse_ring(double x, double y, double radius_x, double radius_y,
                                 double degrees);

/// The mask of an image of size `image` with `bits` (rows from top to bottom, 0 is background) of a
/// part of it, whose corner is at (left, top). What is outside of the image is cut off.
Rle placed_mask(std::span<const std::uint8_t> bits, ImageSize part, std::int64_t left,
                std::int64_t top, ImageSize image);

}  // namespace embedmask::data
