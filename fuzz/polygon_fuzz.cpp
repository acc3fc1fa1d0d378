// Fuzzes the rasteriser: any doubles either throw Error or give run lengths that cover the image.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "embedmask/error.h"
#include "embedmask/polygon.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const int height = data[0];
    const int width = data[1];
    std::vector<double> ring(std::min<std::size_t>((size - 2) / sizeof(double), 64));
    if (!ring.empty()) {
        std::memcpy(ring.data(), data + 2, ring.size() * sizeof(double));
    }
    // Raw doubles are rarely near the image, so every other one is folded into it.
    for (std::size_t i = 0; i < ring.size(); i += 2) {
        if (ring[i] > 1e3 && ring[i] < 1e30) {
            ring[i] = static_cast<double>(data[i % size]) / 3;
        }
    }
    try {
        embedmask::validate(embedmask::rasterize_polygons(std::span(&ring, 1), height, width));
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
