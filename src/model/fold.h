// Folds the batch norm of a trained detector into its convolutions.
#pragma once

#include "embedmask/model.h"

namespace embedmask::detail {

/// The same model with `nanodet.norm = "folded"`: what it computes is equal up to rounding. Models
/// that are folded already are returned unchanged.
Model with_folded_norms(Model model);

}  // namespace embedmask::detail
