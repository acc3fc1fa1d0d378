#include "mask/id_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "embedmask/error.h"
#include "mask/region.h"

namespace embedmask::mask {

std::vector<std::size_t> stacking_order(std::span<const ScoredMask> masks) {
    std::vector<std::size_t> order(masks.size());
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return masks[a].score < masks[b].score; });
    return order;
}

void require_size(ImageSize size, std::span<const ScoredMask> masks) {
    for (const auto& [mask, score] : masks) {
        if (mask->width == size.width && mask->height == size.height) {
            continue;
        }
        throw Error(fmt::format("a mask of {}x{} pixels does not fit an image of {}x{}",
                                mask->width, mask->height, size.width, size.height));
    }
}

std::vector<std::uint16_t> id_map(ImageSize size, std::span<const ScoredMask> masks) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
    if (masks.size() > kMost) {
        throw Error(
            fmt::format("{} detections, but an id map is limited to {}", masks.size(), kMost),
            "raise --score-threshold");
    }
    require_size(size, masks);
    std::vector<std::uint16_t> ids(static_cast<std::size_t>(size.width) * size.height);
    for (const std::size_t i : stacking_order(masks)) {
        const MaskRegion region = mask_region(*masks[i].mask);
        for (int y = 0; y < region.height; ++y) {
            std::uint16_t* row =
                ids.data() + static_cast<std::size_t>(region.y + y) * size.width + region.x;
            for (int x = 0; x < region.width; ++x) {
                if (region.at(x, y) != 0) {
                    row[x] = static_cast<std::uint16_t>(i + 1);
                }
            }
        }
    }
    return ids;
}

}  // namespace embedmask::mask
