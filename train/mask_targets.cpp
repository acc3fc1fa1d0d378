#include "train/mask_targets.h"

#include <limits>

namespace embedmask::train {

using torch::Tensor;

Tensor quarter_masks(const Tensor& masks, std::int64_t height, std::int64_t width,
                     const Config& config) {
    const torch::NoGradGuard no_grad;
    const std::int64_t right = width - masks.size(2);
    const std::int64_t below = height - masks.size(1);
    const Tensor padded = torch::constant_pad_nd(masks, {0, right, 0, below});
    if (config.mask_target == MaskTarget::sample) {
        return padded.slice(1, 2, c10::nullopt, 4).slice(2, 2, c10::nullopt, 4).contiguous();
    }
    if (config.mask_target == MaskTarget::area) {
        const Tensor share = at::avg_pool2d(padded.unsqueeze(0).to(torch::kFloat32), {4, 4});
        return (share.squeeze(0) >= config.mask_target_threshold).to(torch::kUInt8);
    }
    // Bilinear resizing to a quarter is the mean of the centre 2x2 of every 4x4 pixels.
    Tensor sum = torch::zeros({masks.size(0), height / 4, width / 4}, masks.options());
    for (const std::int64_t row : {1, 2}) {
        for (const std::int64_t column : {1, 2}) {
            sum += padded.slice(1, row, c10::nullopt, 4).slice(2, column, c10::nullopt, 4);
        }
    }
    return (sum.to(torch::kFloat32) / 4 > config.mask_target_threshold).to(torch::kUInt8);
}

Tensor semantic_target(const Instances& instances, std::int64_t height, std::int64_t width) {
    const torch::NoGradGuard no_grad;
    const auto options = instances.labels.options();
    if (instances.size() == 0) {
        return torch::zeros({height / 8, width / 8}, options);
    }
    const Tensor& masks = instances.masks;
    const Tensor padded =
        torch::constant_pad_nd(masks, {0, width - masks.size(2), 0, height - masks.size(1)});
    const Tensor cells =
        padded.slice(1, 4, c10::nullopt, 8).slice(2, 4, c10::nullopt, 8).to(torch::kBool);
    const Tensor area = masks.sum({1, 2}, false, torch::kFloat64).view({-1, 1, 1});
    const Tensor cost = torch::where(cells, area, std::numeric_limits<double>::infinity());
    const Tensor smallest = std::get<0>(cost.min(0, true));
    const Tensor order = torch::arange(instances.size(), options).view({-1, 1, 1});
    const Tensor winner =
        std::get<0>(torch::where(cost == smallest, order, instances.size()).min(0));
    const Tensor label = instances.labels.index_select(0, winner.flatten()).view(winner.sizes());
    return torch::where(cells.any(0), label, 0);
}

}  // namespace embedmask::train
