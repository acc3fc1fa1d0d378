// The tensors of NanoDet-Plus files under this network's names.
#pragma once

#include <string>

#include "embedmask/weights.h"

namespace embedmask::foreign {

/// Splits each `head.N.pred`, which predicts classes and then 4 × 8 box bins, into
/// `head.N.cls_logits` and `head.N.box_bins`. Other tensors are unchanged.
Weights with_nanodet_predictions_split(Weights tensors);

/// The name in the file of a tensor that may be a part of `head.N.pred`.
std::string before_split(std::string name);

}  // namespace embedmask::foreign
