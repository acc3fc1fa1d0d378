#include "mask/taps.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace embedmask::mask {
namespace {

// Linear interpolation at `position` in [0, in), repeating the last cell beyond the end.
Tap linear_tap(double position, int in) {
    const int low = std::min(static_cast<int>(position), in - 1);
    const auto fraction = static_cast<float>(position - low);
    if (fraction == 0 || low + 1 >= in) {
        return {low, 1, {1}};
    }
    return {low, 2, {1 - fraction, fraction}};
}

}  // namespace

Taps half_pixel_taps(int in, int out, int kept) {
    Taps taps;
    taps.reserve(static_cast<std::size_t>(kept));
    const double step = static_cast<double>(in) / out;
    for (int i = 0; i < kept; ++i) {
        taps.push_back(linear_tap(std::max((i + 0.5) * step - 0.5, 0.0), in));
    }
    return taps;
}

Taps aligned_taps(int in, int factor) {
    Taps taps;
    taps.reserve(static_cast<std::size_t>(in) * factor);
    for (int i = 0; i < in * factor; ++i) {
        taps.push_back(linear_tap(static_cast<double>(std::max(i - factor / 2, 0)) / factor, in));
    }
    return taps;
}

Taps compose(const Taps& first, const Taps& second) {
    Taps taps;
    taps.reserve(second.size());
    for (const Tap& outer : second) {
        Tap combined{first[static_cast<std::size_t>(outer.first)].first, 0, {}};
        for (int i = 0; i < outer.count; ++i) {
            const Tap& inner =
                first[static_cast<std::size_t>(outer.first) + static_cast<std::size_t>(i)];
            for (int j = 0; j < inner.count; ++j) {
                const int offset = inner.first + j - combined.first;
                assert(offset >= 0 && offset < 4);
                combined.weight[static_cast<std::size_t>(offset)] +=
                    outer.weight[static_cast<std::size_t>(i)] *
                    inner.weight[static_cast<std::size_t>(j)];
                combined.count = std::max(combined.count, offset + 1);
            }
        }
        taps.push_back(combined);
    }
    return taps;
}

}  // namespace embedmask::mask
