// All losses of a batch (§6).
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"
#include "train/batch.h"
#include "train/communicator.h"
#include "train/detector.h"
#include "train/network.h"

namespace embedmask::train {

/// The losses of the detector, then mask_loss if the network has masks and loss_semantic if it has
/// that branch. `outputs` come from a forward pass in training mode on `batch`. Collective.
/// `random` selects mask samples where `mask_proposals` leaves a choice (§5.7).
/// With outputs of a `teacher`, the detector learns from these instead of the labels, and only the
/// masks from the labels.
Losses compute_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                      Communicator& ranks, const at::Generator& random,
                      const Outputs* teacher = nullptr);

/// The sum of the losses.
torch::Tensor total(const Losses& losses);

}  // namespace embedmask::train
