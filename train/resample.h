// The two upsampling methods for maps (§4.9, §6.5 step 1).
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"

namespace embedmask::train {

/// (N, C, h, w) → (N, C, f·h, f·w): output cell i reads source position max(i - f/2, 0)/f (§4.9).
torch::Tensor resample_aligned(const torch::Tensor& maps, std::int64_t factor);

/// Upsamples by `factor` with the method `resampler`.
torch::Tensor enlarge(const torch::Tensor& maps, std::int64_t factor, Resampler resampler);

}  // namespace embedmask::train
