// The losses of NanoDet-Plus. Quality and distribution focal loss: Generalized Focal Loss
// (arXiv 2006.04388); GIoU: arXiv 1902.09630.
#pragma once

#include <torch/torch.h>

#include "train/detector.h"

namespace embedmask::train {

/// loss_cls (quality focal), loss_reg (GIoU) and loss_dfl (distribution focal). Collective (one sum
/// over the ranks).
DetectorLosses nanodet_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                              Communicator& ranks);

/// Σ of |t − σ(s)|^β · BCE(s, t): the target t is `quality` for the class of a positive location, 0
/// otherwise. `logits` (..., C), `labels` (...) int64 with 0 = background, `quality` (...).
torch::Tensor quality_focal_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& quality, double beta);

/// (n) cross-entropies of the two bins beside each target, weighted by how near they are. `bins`
/// (n, B) logits, `targets` (n) from 0 to B − 1, exclusive.
torch::Tensor distribution_focal_loss(const torch::Tensor& bins, const torch::Tensor& targets);

/// (n) 1 − GIoU of boxes (n, 4).
torch::Tensor giou_loss(const torch::Tensor& boxes, const torch::Tensor& targets);

}  // namespace embedmask::train
