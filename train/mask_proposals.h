// The proposals whose masks are trained (§5.5, §5.7).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "embedmask/config.h"
#include "train/batch.h"
#include "train/detector.h"
#include "train/mask_loss.h"
#include "train/network.h"

namespace embedmask::train {

/// The proposals of every image by the rule `mask_proposals`, only of objects with a known mask.
/// `random` chooses where the rule leaves a choice.
std::vector<Proposals> mask_proposals(const Outputs& outputs, const Batch& batch,
                                      const Assigned& assigned, const Config& config,
                                      const at::Generator& random);

/// For every object, the flat index of the assigned location whose predicted box fits it best, -1
/// if none is assigned (§5.5). `predicted` (K, 4): distances in pixels.
torch::Tensor best_locations(const Locations& locations, const Assignment& assignment,
                             const Instances& instances, const torch::Tensor& predicted,
                             const Config& config);

/// (K) IoU of every assigned location's predicted box with its object's box, 0 elsewhere.
torch::Tensor assigned_iou(const Locations& locations, const Assignment& assignment,
                           const Instances& instances, const torch::Tensor& predicted,
                           const Config& config);

/// Two locations for every object: the one with the best `iou` (K, G), and one of the next seven by
/// `probability` (K, G) of the object's class times IoU to the power of 6, if their IoU is above
/// `least_iou`. Objects without any overlap have none. Returns locations and objects (S) int64.
std::pair<torch::Tensor, torch::Tensor> best_two_locations(const torch::Tensor& iou,
                                                           const torch::Tensor& probability,
                                                           double least_iou,
                                                           const at::Generator& random);

}  // namespace embedmask::train
