// Finds and applies the EXIF orientation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::image {

/// The orientation tag of an EXIF block that begins with its TIFF header ("II*\0" or "MM\0*"). 1 if
/// the block is malformed or has no valid tag: broken metadata must not make the image unreadable.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// A pixel.
struct Position {
    int x = 0;
    int y = 0;
};

/// Where pixel (x, y) of the upright image is in the stored one of size `stored`.
Position stored_position(int x, int y, ImageSize stored, int orientation);

/// The size of an image of size `stored` after applying orientation 1..8.
ImageSize oriented_size(ImageSize stored, int orientation);

/// Rotates and mirrors an image of size `stored` with one value per pixel, in row order. An empty
/// list stays empty.
template <typename Value>
std::vector<Value> oriented(std::vector<Value> values, ImageSize stored, int orientation) {
    if (orientation <= 1 || values.empty()) {
        return values;
    }
    const ImageSize size = oriented_size(stored, orientation);
    std::vector<Value> upright;
    upright.reserve(values.size());
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            const Position from = stored_position(x, y, stored, orientation);
            upright.push_back(values[static_cast<std::size_t>(from.y) * stored.width + from.x]);
        }
    }
    return upright;
}

/// Rotates and mirrors `image` according to orientation 1..8.
Image apply_orientation(Image image, int orientation);

}  // namespace embedmask::image
