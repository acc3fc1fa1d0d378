#include "render/id_map.h"

#include <fmt/format.h>

#include <limits>

#include "embedmask/error.h"
#include "render/drawing_order.h"
#include "mask/region.h"

namespace embedmask::render {

std::vector<std::uint16_t> id_map(ImageSize size, std::span<const DrawnInstance> instances) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
    if (instances.size() > kMost) {
        throw Error(
            fmt::format("{} instances, an id map holds at most {}", instances.size(), kMost),
            "raise --score-threshold");
    }
    check_masks(size, instances);
    std::vector<std::uint16_t> ids(static_cast<std::size_t>(size.width) * size.height);
    for (const std::size_t i : drawing_order(instances)) {
        const MaskRegion region = mask_region(*instances[i].mask);
        for (int y = 0; y < region.height; ++y) {
            std::uint16_t* row =
                ids.data() + static_cast<std::size_t>(region.y + y) * size.width + region.x;
            for (int x = 0; x < region.width; ++x) {
                if (region.at(x, y) != 0) row[x] = static_cast<std::uint16_t>(i + 1);
            }
        }
    }
    return ids;
}

}  // namespace embedmask::render
