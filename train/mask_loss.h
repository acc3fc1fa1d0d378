// The mask loss of one image (§6.5, §6.8).
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"
#include "train/batch.h"

namespace embedmask::train {

/// The proposals responsible for the masks of one image.
struct Proposals {
    torch::Tensor embeddings;  ///< q (S, D)
    torch::Tensor margins;     ///< m (S, D)
    torch::Tensor objects;     ///< (S) int64: index of the object
};

/// (S) losses, one per proposal; empty without proposals. `pixels`: p (D, H/s, W/s). Never
/// allocates an (S, D, H, W) array; the largest arrays are (S, H/4, W/4).
torch::Tensor mask_losses(const torch::Tensor& pixels, const Proposals& proposals,
                          const Instances& instances, const Config& config);

}  // namespace embedmask::train
