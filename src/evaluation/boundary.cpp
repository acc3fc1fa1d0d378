#include "evaluation/boundary.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace embedmask::detail {

namespace {

/// Clears each pixel of a line that has a 0 within `reach`; pixels beyond the line count as 0.
void erode_line(const std::uint8_t* line, std::uint8_t* out, int length, std::ptrdiff_t stride,
                int reach, std::vector<int>& zeros) {
    zeros.resize(static_cast<std::size_t>(length) + 1);
    zeros[0] = 0;
    for (int i = 0; i < length; ++i) {
        zeros[i + 1] = zeros[i] + (line[i * stride] == 0 ? 1 : 0);
    }
    for (int i = 0; i < length; ++i) {
        const bool inside = i >= reach && i + reach < length;
        out[i * stride] = inside && zeros[i + reach + 1] == zeros[i - reach] ? 1 : 0;
    }
}

}  // namespace

Rle boundary_band(const Rle& mask, double ratio) {
    if (area(mask) == 0) {
        return RleBuilder(mask.height, mask.width).finish();
    }
    const double diagonal = std::sqrt(static_cast<double>(mask.height) * mask.height +
                                      static_cast<double>(mask.width) * mask.width);
    const int reach = std::max(1, static_cast<int>(std::nearbyint(ratio * diagonal)));

    const auto box = bounding_box(mask);
    const int left = static_cast<int>(box.x);
    const int top = static_cast<int>(box.y);
    const int width = static_cast<int>(box.width);
    const int height = static_cast<int>(box.height);
    std::vector<std::uint8_t> crop(static_cast<std::size_t>(width) * height, 0);
    std::uint64_t position = 0;
    for (std::size_t i = 0; i < mask.counts.size(); ++i) {
        const std::uint64_t end = position + mask.counts[i];
        if (i % 2 == 1) {
            for (; position < end; ++position) {
                const auto column = static_cast<int>(position / mask.height) - left;
                const auto row = static_cast<int>(position % mask.height) - top;
                crop[static_cast<std::size_t>(column) * height + row] = 1;
            }
        }
        position = end;
    }

    std::vector<std::uint8_t> eroded(crop.size());
    std::vector<int> zeros;
    for (int column = 0; column < width; ++column) {
        const std::size_t start = static_cast<std::size_t>(column) * height;
        erode_line(crop.data() + start, eroded.data() + start, height, 1, reach, zeros);
    }
    for (int row = 0; row < height; ++row) {
        erode_line(eroded.data() + row, eroded.data() + row, width, height, reach, zeros);
    }

    RleBuilder builder(mask.height, mask.width);
    for (int column = 0; column < width; ++column) {
        const std::size_t start = static_cast<std::size_t>(column) * height;
        for (int row = 0; row < height;) {
            const auto on_band = [&](int r) {
                return crop[start + r] != 0 && eroded[start + r] == 0;
            };
            if (!on_band(row)) {
                ++row;
                continue;
            }
            const int begin = row;
            while (row < height && on_band(row)) {
                ++row;
            }
            builder.add_column(left + column, top + begin, top + row);
        }
    }
    return builder.finish();
}

}  // namespace embedmask::detail
