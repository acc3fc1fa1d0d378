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

/// Named scalars in a fixed order: loss_cls, loss_reg, loss_centerness, then mask_loss where the
/// network has masks and loss_semantic where it has that branch. Each already carries its weight.
using Losses = std::vector<std::pair<std::string, torch::Tensor>>;

/// `outputs` of a forward pass in training mode for `batch`. Collective (two sums over the ranks).
/// `random` chooses among more than `max_proposals` mask samples (§5.7).
Losses compute_losses(const Outputs& outputs, const Batch& batch, const Config& config,
                      Communicator& ranks, const at::Generator& random);

/// Their sum.
torch::Tensor total(const Losses& losses);

}  // namespace embedmask::train
