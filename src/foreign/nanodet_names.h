// The tensors of NanoDet-Plus files under this network's names.
#pragma once

#include "embedmask/weights.h"

namespace embedmask::foreign {

/// Splits each `head.N.pred`, which predicts classes and then 4 × 8 box bins, into
/// `head.N.cls_logits` and `head.N.box_bins`. Other tensors are unchanged.
Weights with_nanodet_predictions_split(Weights tensors);

}  // namespace embedmask::foreign
