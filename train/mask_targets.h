// What masks and classes of pixels are compared with (§5.5, §6.8).
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"
#include "train/batch.h"

namespace embedmask::train {

/// Mask targets on the quarter grid (G, H/4, W/4) uint8 (§6.5 step 2, §11 item 12).
torch::Tensor quarter_masks(const torch::Tensor& masks, std::int64_t height, std::int64_t width,
                            const Config& config);

/// Class of every cell of the stride-8 grid, 0 = none; the smallest mask takes precedence (§6.8).
torch::Tensor semantic_target(const Instances& instances, std::int64_t height, std::int64_t width);

}  // namespace embedmask::train
