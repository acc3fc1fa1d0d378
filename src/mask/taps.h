// One-dimensional linear resampling as sparse weights, so that chained resizes can be composed.
#pragma once

#include <array>
#include <vector>

namespace embedmask::mask {

/// The sources of one output position: `count` consecutive cells starting at `first`.
struct Tap {
    int first = 0;
    int count = 0;
    std::array<float, 4> weight = {};
};

/// One Tap per output position.
using Taps = std::vector<Tap>;

/// Bilinear with half-pixel centres and clamped edges from `in` to `out` cells (§6.5 step 1, §7.5);
/// the first `kept` outputs only.
Taps half_pixel_taps(int in, int out, int kept);

/// Aligned bilinear by an integer factor: output i reads max(i − factor/2, 0)/factor (§4.9).
Taps aligned_taps(int in, int factor);

/// Composes `first`, then `second`. Error (assertion) if a result needs more than four cells.
Taps compose(const Taps& first, const Taps& second);

}  // namespace embedmask::mask
