// Mask size checks shared by several files of this layer.
#pragma once

#include <cstdint>

#include "embedmask/rle.h"

namespace embedmask::mask {

/// height * width. Error if a side is negative or the product does not fit into 32 bits.
std::uint64_t pixel_count(int height, int width);

/// Error (with both sizes) unless they are equal.
void require_same_size(const Rle& found, const Rle& expected);

}  // namespace embedmask::mask
