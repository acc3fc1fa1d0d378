// Assigns objects to the locations of FCOS (§5).
#pragma once

#include <torch/torch.h>

#include "embedmask/config.h"
#include "train/batch.h"
#include "train/locations.h"

namespace embedmask::train {

/// Applies the conditions of §5.2, smallest object first (§5.3). For an object with an unknown
/// mask, the test whether the location is inside the mask is skipped. Without objects everything is
/// background.
Assignment assign(const Locations& locations, const Instances& instances, const Config& config);

/// sqrt(min(l,r)/max(l,r) · min(t,b)/max(t,b)) of positive distances (n, 4) (§5.4).
torch::Tensor centerness(const torch::Tensor& ltrb);

}  // namespace embedmask::train
