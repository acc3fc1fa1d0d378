// All losses of a batch (§6).
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "embedmask/config.h"
#include "train/batch.h"
#include "train/communicator.h"
#include "train/network.h"

namespace embedmask::train {

/// Named scalars in a fixed order: loss_cls, loss_reg, loss_centerness, then mask_loss if the
/// network has masks and loss_semantic if it has that branch. Each is already weighted.
using Losses = std::vector<std::pair<std::string, torch::Tensor>>;

/// `outputs` come from a forward pass in training mode on `batch`. Collective (two sums over the
/// ranks). `random` selects mask samples if there are more than `max_proposals` (§5.7).
Losses compute_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                      Communicator& ranks, const at::Generator& random);

/// The sum of the losses.
torch::Tensor total(const Losses& losses);

}  // namespace embedmask::train
