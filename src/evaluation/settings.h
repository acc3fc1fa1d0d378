// Settings of an evaluation with the defaults of COCO.
#pragma once

#include "embedmask/evaluation.h"

namespace embedmask::detail {

/// Fills empty lists with the values of COCO.
EvaluationOptions with_defaults(EvaluationOptions options);

/// Error for a threshold outside [0, 1], an area range that ends before it starts, two area ranges
/// of one name, and a list `max_detections` that is not ascending.
void require_valid(const EvaluationOptions& options);

/// APs, APm or APl without "AP" for the small, medium and large objects of COCO, else empty.
std::string coco_suffix(const AreaRange& range);

}  // namespace embedmask::detail
