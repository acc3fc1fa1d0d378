#include "train/detection_losses.h"

namespace embedmask::train {

using torch::Tensor;

Tensor focal_loss(const Tensor& logits, const Tensor& labels, double alpha, double gamma) {
    const Tensor channels = torch::arange(1, logits.size(-1) + 1, labels.options());
    const Tensor positive = labels.unsqueeze(-1) == channels;
    // With the sign of x chosen so that the true answer is "large", both cases are −w (1−p)^γ ln p.
    const Tensor turned = torch::where(positive, logits, -logits);
    const Tensor log_p = torch::log_sigmoid(turned);
    const Tensor weight = torch::where(positive, alpha, 1 - alpha);
    return -(weight * torch::sigmoid(-turned).pow(gamma) * log_p).sum();
}

Tensor box_loss(const Tensor& predicted, const Tensor& target, const BoxLossOptions& options) {
    const auto side = [](const Tensor& distances, int i) { return distances.select(1, i); };
    const auto area = [&](const Tensor& d) {
        return (side(d, 0) + side(d, 2)) * (side(d, 1) + side(d, 3));
    };
    const Tensor common = area(torch::minimum(predicted, target));
    const Tensor united = area(predicted) + area(target) - common;
    const Tensor iou = (common + 1) / (united + 1);
    if (options.kind == BoxLoss::iou) {
        return -torch::log(iou);
    }
    if (options.kind == BoxLoss::linear_iou) {
        return 1 - iou;
    }
    const Tensor hull = area(torch::maximum(predicted, target)) + options.hull_epsilon;
    return 1 - (iou - (hull - united) / hull);
}

Tensor centerness_loss(const Tensor& logits, const Tensor& targets) {
    return torch::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::Sum);
}

}  // namespace embedmask::train
