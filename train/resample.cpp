#include "train/resample.h"

namespace embedmask::train {

// Interpolates with aligned corners over the input with its last row and column repeated, then
// shifts the result by f/2.
torch::Tensor resample_aligned(const torch::Tensor& maps, std::int64_t factor) {
    const std::int64_t height = factor * maps.size(2);
    const std::int64_t width = factor * maps.size(3);
    torch::Tensor out = at::replication_pad2d(maps, {0, 1, 0, 1});
    out = at::upsample_bilinear2d(out, {height + 1, width + 1}, /*align_corners=*/true);
    out = at::replication_pad2d(out, {factor / 2, 0, factor / 2, 0});
    return out.slice(2, 0, height).slice(3, 0, width);
}

torch::Tensor enlarge(const torch::Tensor& maps, std::int64_t factor, Resampler resampler) {
    if (factor == 1) {
        return maps;
    }
    if (resampler == Resampler::aligned) {
        return resample_aligned(maps, factor);
    }
    return at::upsample_bilinear2d(maps, {factor * maps.size(2), factor * maps.size(3)},
                                   /*align_corners=*/false);
}

}  // namespace embedmask::train
