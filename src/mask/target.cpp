#include "mask/target.h"

namespace embedmask::mask {

std::vector<std::uint8_t> quarter_target(std::span<const std::uint8_t> mask, ImageSize size,
                                         ImageSize padded, TargetRule rule) {
    const int width = padded.width / 4;
    const int height = padded.height / 4;
    const auto pixel = [&](int y, int x) {
        return y < size.height && x < size.width &&
               mask[static_cast<std::size_t>(y) * size.width + x] != 0;
    };
    std::vector<std::uint8_t> target;
    target.reserve(static_cast<std::size_t>(width) * height);
    for (int i = 0; i < height; ++i) {
        for (int j = 0; j < width; ++j) {
            const int y = 4 * i;
            const int x = 4 * j;
            const bool foreground = rule == TargetRule::sample
                                        ? pixel(y + 2, x + 2)
                                        : pixel(y + 1, x + 1) || pixel(y + 1, x + 2) ||
                                              pixel(y + 2, x + 1) || pixel(y + 2, x + 2);
            target.push_back(foreground ? 1 : 0);
        }
    }
    return target;
}

}  // namespace embedmask::mask
