// The part of a run-length mask that has pixels, as a small bitmap.
#pragma once

#include <cstdint>
#include <vector>

#include "embedmask/rle.h"

namespace embedmask::mask {

/// A bitmap (0 or 1) over a window of the image, rows from top to bottom. The window may reach
/// `margin` pixels beyond the mask on each side, also beyond the image: those pixels are 0.
struct MaskRegion {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> bits;

    [[nodiscard]] bool empty() const { return bits.empty(); }
    [[nodiscard]] std::uint8_t at(int column, int row) const {
        return bits[static_cast<std::size_t>(row) * width + column];
    }
};

/// The tight window around the mask, widened by `margin`. Empty when the mask has no pixel.
/// Memory: the window, never the image. Error when the runs do not fill the mask's size.
MaskRegion mask_region(const Rle& mask, int margin = 0);

}  // namespace embedmask::mask
