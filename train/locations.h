// The locations at which a detector predicts, and which object each of them is assigned to (§5.1).
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <vector>

#include "embedmask/config.h"
#include "train/batch.h"

namespace embedmask::train {

/// Height and width of the feature map per level, P3 first.
using LevelSizes = std::vector<std::array<std::int64_t, 2>>;

/// All K locations of the padded input, level by level, row by row (§5.1).
struct Locations {
    torch::Tensor xy;      ///< (K, 2) float32 pixels
    torch::Tensor stride;  ///< (K) float32
    LevelSizes sizes;
};
Locations make_locations(const LevelSizes& sizes, const Config& config, torch::Device device);

/// The targets of each location of one image.
struct Assignment {
    torch::Tensor labels;    ///< (K) int64; 0 = background
    torch::Tensor instance;  ///< (K) int64 index of the object; -1 = none
    torch::Tensor ltrb;      ///< (K, 4) float32 distances, in strides if norm_reg_targets
};

/// Everything is background; distances are of type `type`.
Assignment no_assignment(const Locations& locations, torch::ScalarType type = torch::kFloat32);

/// (K, G, 4) distances l, t, r, b from every location to the sides of every box, in pixels.
torch::Tensor distances(const Locations& locations, const torch::Tensor& boxes);

/// (n, 4) boxes from locations `xy` (n, 2) and distances (n, 4) in pixels.
torch::Tensor boxes_of(const torch::Tensor& xy, const torch::Tensor& distances);

/// (n) areas of boxes (n, 4), with `offset` added to every side: 1 under legacy_plus_one, else 0.
torch::Tensor box_areas(const torch::Tensor& boxes, double offset);

/// (n, m) IoU of boxes (n, 4) and (m, 4) with such areas. Non-finite values, which a diverged
/// network gives, count as 0.
torch::Tensor pairwise_iou(const torch::Tensor& a, const torch::Tensor& b, double offset);

/// What `legacy_plus_one` adds to a side of a box.
double side_offset(const Config& config);

}  // namespace embedmask::train
