// The Pascal VOC colour map, which numbers classes and objects.
#pragma once

#include <array>
#include <cstdint>

namespace embedmask::data {

inline constexpr unsigned kVocVoid = 255;  // crowds and outlines: neither object nor background
inline constexpr unsigned kVocMost = 254;  // limit on objects per image and on categories

/// Spreads the bits of the index over the high bits of red, green and blue.
inline std::array<std::uint8_t, 3> voc_color(unsigned index) {
    std::array<std::uint8_t, 3> color{};
    for (unsigned bit = 0; bit < 8; ++bit) {
        for (unsigned channel = 0; channel < 3; ++channel) {
            color.at(channel) |=
                static_cast<std::uint8_t>((index >> (3 * bit + channel) & 1U) << (7 - bit));
        }
    }
    return color;
}

}  // namespace embedmask::data
