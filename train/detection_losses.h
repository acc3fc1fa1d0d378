// Classification, box and centre-ness losses (§6.2 to §6.4). All are sums; callers normalise.
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"

namespace embedmask::train {

/// Σ of the sigmoid focal loss. `logits` (..., C), `labels` (...) int64 with 0 = background and
/// c = positive for channel c − 1 (§6.2).
torch::Tensor focal_loss(const torch::Tensor& logits, const torch::Tensor& labels, double alpha,
                         double gamma);

struct BoxLossOptions {
    BoxLoss kind = BoxLoss::giou;
    double hull_epsilon = 1e-7;
};

/// (n) box losses for distances (n, 4), both in the same units (§6.3).
torch::Tensor box_loss(const torch::Tensor& predicted, const torch::Tensor& target,
                       const BoxLossOptions& options);

/// Σ of the binary cross-entropy with logits (§6.4).
torch::Tensor centerness_loss(const torch::Tensor& logits, const torch::Tensor& targets);

}  // namespace embedmask::train
