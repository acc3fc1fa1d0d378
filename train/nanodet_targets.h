// Assigns objects to the locations of NanoDet-Plus: dynamic soft label assignment, a cost of the
// predictions themselves (NanoDet-Plus; the matching is that of OTA's simplification in YOLOX,
// arXiv 2107.08430).
#pragma once

#include <torch/torch.h>

#include "train/batch.h"
#include "train/locations.h"

namespace embedmask::train {

struct SoftAssignment {
    Assignment assignment;  ///< `ltrb` in strides
    torch::Tensor quality;  ///< (K) IoU of the predicted box with the assigned object's, else 0
};

/// Candidates are the locations inside any box. The cost of a location for an object is
///   BCE(s, IoU) · |IoU − σ(s)|² over all class logits s (soft label IoU for the object's class, 0
///   for others) − 3 ln(IoU + 1e-7).
/// An object gets as many locations as the sum of its 13 largest IoUs, rounded down, at least one;
/// the cheapest ones. A location chosen by several goes to the cheapest of all objects. Equal costs
/// are decided by order. Distances are negative where a location is outside its object's box.
/// `class_logits` (K, C), `boxes` (K, 4) in pixels; no gradients.
SoftAssignment assign_softly(const Locations& locations, const torch::Tensor& class_logits,
                             const torch::Tensor& boxes, const Instances& instances);

}  // namespace embedmask::train
