// Small helpers shared by the readers and writers of this layer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "embedmask/image.h"

namespace embedmask::image {

/// Error unless the sides are positive and match the number of pixels.
void check_valid(const Image& image);

/// Error unless pixels exist, the sides are positive and rows do not overlap.
void check_valid(const ImageView& view);

/// Row `y` as 3 * width bytes R,G,B.
void copy_row(const ImageView& view, int y, std::uint8_t* rgb);

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::size_t pixel_count(ImageSize size) {
    return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
}

}  // namespace embedmask::image
