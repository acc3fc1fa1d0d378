// The non-empty part of a run-length mask, as a small bitmap.
#pragma once

#include <cstdint>
#include <vector>

#include "embedmask/rle.h"

namespace embedmask::mask {

/// A bitmap (0 or 1) over a window of the image, rows from top to bottom. The window may extend
/// `margin` pixels beyond the mask on each side, even beyond the image; those pixels are 0.
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

/// The tight window around the mask, widened by `margin`. Empty if the mask has no pixels.
/// Allocates memory for the window, never for the image. Error if the runs do not match the size of
/// the mask.
MaskRegion mask_region(const Rle& mask, int margin = 0);

}  // namespace embedmask::mask
