// Four printing inks to RGB.
#pragma once

#include <cstdint>

namespace embedmask::image {

/// a*b/255 rounded, for values 0..255.
inline int multiply_255(int a, int b) {
    const int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

/// One pixel. `light` is 255 minus the ink of each colour and of black, as Adobe stores it in JPEG.
inline void cmyk_to_rgb(const std::uint8_t* light, std::uint8_t* rgb) {
    const int black = light[3];
    for (int c = 0; c < 3; ++c) {
        rgb[c] = static_cast<std::uint8_t>(black - multiply_255(255 - light[c], black));
    }
}

}  // namespace embedmask::image
