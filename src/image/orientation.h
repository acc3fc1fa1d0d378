// EXIF orientation: finding it and applying it.
#pragma once

#include <cstdint>
#include <span>

#include "embedmask/image.h"

namespace embedmask::image {

/// The orientation tag of an EXIF block that begins with its TIFF header ("II*\0" or "MM\0*").
/// 1 when the block is malformed or has no valid tag: a broken note must not cost the image.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// The size of an image of size `stored` after orientation 1..8 has been applied.
ImageSize oriented_size(ImageSize stored, int orientation);

/// Turns and mirrors `image` as orientation 1..8 asks.
Image apply_orientation(Image image, int orientation);

}  // namespace embedmask::image
