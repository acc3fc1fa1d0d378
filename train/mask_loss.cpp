#include "train/mask_loss.h"

#include "train/lovasz.h"
#include "train/mask_targets.h"
#include "train/rbf_distance.h"
#include "train/resample.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// Cells outside the enlarged quarter boxes do not count (§6.6).
void mask_outside_boxes(Tensor& targets, const Tensor& boxes, const Config& config) {
    const Tensor quarter = boxes / 4;
    const Tensor sides = (quarter.slice(1, 2, 4) - quarter.slice(1, 0, 2)) * config.box_padding +
                         config.box_padding_cells;
    const std::int64_t height = targets.size(1);
    const std::int64_t width = targets.size(2);
    const auto options = quarter.options();
    const auto inside = [&](int axis, std::int64_t cells) {
        const Tensor cell = torch::arange(cells, options).unsqueeze(0);
        const Tensor low = (quarter.select(1, axis) - sides.select(1, axis)).unsqueeze(1);
        const Tensor high = (quarter.select(1, axis + 2) + sides.select(1, axis)).unsqueeze(1);
        return (cell >= low) & (cell < high.clamp_max(static_cast<double>(cells - 1)));
    };
    const Tensor kept = inside(1, height).unsqueeze(2) & inside(0, width).unsqueeze(1);
    targets.masked_fill_(~kept, kLeftOut);
}

Tensor dice(const Tensor& probability, const Tensor& targets) {
    constexpr double kEpsilon = 1e-5;
    const Tensor counts = (targets != kLeftOut).to(probability.scalar_type());
    const Tensor truth = (targets == 1).to(probability.scalar_type());
    const Tensor seen = probability * counts;
    return 1 -
           2 * (seen * truth).sum(1) / (seen.square().sum(1) + truth.square().sum(1) + kEpsilon);
}

}  // namespace

Tensor mask_losses(const Tensor& pixels, const Proposals& proposals, const Instances& instances,
                   const Config& config) {
    const std::int64_t count = proposals.objects.size(0);
    if (count == 0) {
        return torch::zeros({0}, pixels.options());
    }
    const std::int64_t dims = pixels.size(0);
    const std::int64_t height = pixels.size(1) * config.pixel_stride;
    const std::int64_t width = pixels.size(2) * config.pixel_stride;
    const auto [object, place] = at::_unique(proposals.objects, true, true);
    Tensor targets = quarter_masks(instances.masks.index_select(0, object), height, width, config);
    if (config.box_padding >= 0) {
        mask_outside_boxes(targets, instances.boxes.index_select(0, object), config);
    }
    targets = targets.flatten(1).index_select(0, place);

    const std::int64_t factor = config.mask_scale_factor;
    const bool by_probability = config.upsample == Upsample::probability;
    const Tensor map =
        by_probability ? pixels : enlarge(pixels.unsqueeze(0), factor, config.resampler).squeeze(0);
    const Tensor distance =
        rbf_distance(map.reshape({dims, -1}), proposals.embeddings, proposals.margins);
    const bool is_dice = config.mask_loss_type == MaskLossType::dice;
    if (!by_probability && !is_dice) {
        return lovasz_of_distance(distance, targets, config.mask_loss_eps);
    }
    Tensor probability = torch::exp(-distance);
    if (by_probability) {
        const Tensor maps = probability.view({count, 1, map.size(1), map.size(2)});
        probability = enlarge(maps, factor, config.resampler).flatten(1);
    }
    if (is_dice) {
        return dice(probability, targets);
    }
    return lovasz_of_probability(probability, targets, config.mask_loss_eps);
}

}  // namespace embedmask::train
