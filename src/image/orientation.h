// Finds and applies the EXIF orientation.
#pragma once

#include <cstdint>
#include <span>

#include "embedmask/image.h"

namespace embedmask::image {

/// The orientation tag of an EXIF block that begins with its TIFF header ("II*\0" or "MM\0*"). 1 if
/// the block is malformed or has no valid tag: broken metadata must not make the image unreadable.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// The size of an image of size `stored` after applying orientation 1..8.
ImageSize oriented_size(ImageSize stored, int orientation);

/// Rotates and mirrors `image` according to orientation 1..8.
Image apply_orientation(Image image, int orientation);

}  // namespace embedmask::image
