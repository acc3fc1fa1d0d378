// Converts rings back to pixels, independently of how they were traced.
#pragma once

#include <cstdint>
#include <vector>

#include "mask/contour.h"

namespace embedmask::testing {

/// Even-odd filling of rings, sampled at pixel centres; a bitmap in row order.
inline std::vector<std::uint8_t> fill(const std::vector<mask::Ring>& rings, int width, int height) {
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(width) * height);
    for (int y = 0; y < height; ++y) {
        const float center = static_cast<float>(y) + 0.5F;
        for (int x = 0; x < width; ++x) {
            bool inside = false;
            for (const mask::Ring& ring : rings) {
                for (std::size_t i = 0; i < ring.size(); ++i) {
                    const mask::Point a = ring[i];
                    const mask::Point b = ring[(i + 1) % ring.size()];
                    if ((a.y > center) == (b.y > center)) {
                        continue;
                    }
                    const float cross = a.x + (center - a.y) / (b.y - a.y) * (b.x - a.x);
                    if (cross > static_cast<float>(x) + 0.5F) {
                        inside = !inside;
                    }
                }
            }
            bits[static_cast<std::size_t>(y) * width + x] = inside ? 1 : 0;
        }
    }
    return bits;
}

}  // namespace embedmask::testing
