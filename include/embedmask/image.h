/// Photos in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace embedmask {

/// Width and height in pixels.
struct ImageSize {
    int width = 0;
    int height = 0;

    bool operator==(const ImageSize&) const = default;
};

/// An 8-bit picture: rows from top to bottom, pixels R,G,B interleaved, no padding between rows:
/// `rgb.size() == 3 * width * height`.
struct Image {
    ImageSize size;
    std::vector<std::uint8_t> rgb;
};

}  // namespace embedmask
