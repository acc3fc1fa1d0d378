#include "render/drawing_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "embedmask/error.h"

namespace embedmask::render {

std::vector<std::size_t> drawing_order(std::span<const DrawnInstance> instances) {
    std::vector<std::size_t> order(instances.size());
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return instances[a].score < instances[b].score;
    });
    return order;
}

void check_masks(ImageSize size, std::span<const DrawnInstance> instances) {
    for (const DrawnInstance& instance : instances) {
        const Rle& mask = *instance.mask;
        if (mask.width == size.width && mask.height == size.height) continue;
        throw Error(fmt::format("a mask of {}x{} pixels does not fit a photo of {}x{}", mask.width,
                                mask.height, size.width, size.height));
    }
}

}  // namespace embedmask::render
