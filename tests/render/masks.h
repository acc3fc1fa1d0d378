// Masks for the render tests.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::testing {

/// Run lengths of a bitmap in row order.
inline Rle to_rle(const std::vector<std::uint8_t>& bits, int width, int height) {
    Rle mask{height, width, {0}};
    std::uint8_t current = 0;
    for (int x = 0; x < width; ++x) {
        for (int y = 0; y < height; ++y) {
            const std::uint8_t bit = bits[static_cast<std::size_t>(y) * width + x];
            if (bit != current) {
                mask.counts.push_back(0);
                current = bit;
            }
            ++mask.counts.back();
        }
    }
    return mask;
}

/// A mask drawn as text: '#' is set.
inline Rle drawn_mask(const std::vector<std::string>& rows) {
    std::vector<std::uint8_t> bits;
    for (const std::string& row : rows) {
        for (const char c : row) {
            bits.push_back(c == '#' ? 1 : 0);
        }
    }
    return to_rle(bits, static_cast<int>(rows.front().size()), static_cast<int>(rows.size()));
}

inline Rle rectangle_mask(int width, int height, int x0, int y0, int x1, int y1) {
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(width) * height);
    for (int y = y0; y < y1; ++y) {
        for (int x = x0; x < x1; ++x) {
            bits[static_cast<std::size_t>(y) * width + x] = 1;
        }
    }
    return to_rle(bits, width, height);
}

inline Image gray_image(ImageSize size, std::uint8_t value = 100) {
    return {size, std::vector<std::uint8_t>(3UL * size.width * size.height, value)};
}

}  // namespace embedmask::testing
