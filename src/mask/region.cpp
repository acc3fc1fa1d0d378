#include "mask/region.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "embedmask/error.h"

namespace embedmask::mask {
namespace {

// Calls visit(column, first row, end row) for the foreground of each column.
template <typename Visit>
void for_each_column_run(const Rle& mask, Visit visit) {
    const auto height = static_cast<std::uint64_t>(mask.height);
    std::uint64_t position = 0;
    for (std::size_t i = 0; i < mask.counts.size(); ++i) {
        const std::uint64_t end = position + mask.counts[i];
        while (i % 2 == 1 && position < end) {
            const std::uint64_t column = position / height;
            const std::uint64_t stop = std::min(end, (column + 1) * height);
            visit(static_cast<int>(column), static_cast<int>(position - column * height),
                  static_cast<int>(stop - column * height));
            position = stop;
        }
        position = end;
    }
}

void check(const Rle& mask) {
    std::uint64_t sum = 0;
    for (const std::uint32_t count : mask.counts) {
        sum += count;
    }
    const bool sized = mask.width >= 0 && mask.height >= 0;
    if (sized && sum == static_cast<std::uint64_t>(mask.width) * mask.height) {
        return;
    }
    throw Error(fmt::format("the runs of a mask of {}x{} pixels cover {} pixels", mask.width,
                            mask.height, sum));
}

}  // namespace

MaskRegion mask_region(const Rle& mask, int margin) {
    check(mask);
    int left = std::numeric_limits<int>::max();
    int top = left;
    int right = -1;
    int bottom = -1;
    for_each_column_run(mask, [&](int column, int first, int end) {
        left = std::min(left, column);
        right = std::max(right, column + 1);
        top = std::min(top, first);
        bottom = std::max(bottom, end);
    });
    MaskRegion region;
    if (right < 0) {
        return region;
    }
    region.x = left - margin;
    region.y = top - margin;
    region.width = right - left + 2 * margin;
    region.height = bottom - top + 2 * margin;
    region.bits.resize(static_cast<std::size_t>(region.width) * region.height);
    for_each_column_run(mask, [&](int column, int first, int end) {
        for (int row = first; row < end; ++row) {
            region
                .bits[static_cast<std::size_t>(row - region.y) * region.width + column - region.x] =
                1;
        }
    });
    return region;
}

}  // namespace embedmask::mask
