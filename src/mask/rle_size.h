// Checks on the size of a mask that several files of the layer share.
#pragma once

#include <cstdint>

#include "embedmask/rle.h"

namespace embedmask::mask {

/// height * width; Error when a side is negative or the product does not fit into 32 bits.
std::uint64_t pixel_count(int height, int width);

/// Error that names both sizes unless they agree.
void require_same_size(const Rle& found, const Rle& expected);

}  // namespace embedmask::mask
