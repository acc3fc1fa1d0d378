// Head outputs of all levels in one tensor.
#pragma once

#include <torch/torch.h>

#include <string_view>

#include "train/locations.h"
#include "train/network.h"

namespace embedmask::train {

/// The outputs "KIND.P3", "KIND.P4", ... with a row per location: (N, K, C).
torch::Tensor flat(const Outputs& outputs, std::string_view kind);

/// Sizes of the levels that the detector predicts on.
LevelSizes level_sizes(const Outputs& outputs);

}  // namespace embedmask::train
