// Assigns objects to locations (§5).
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
    torch::Tensor low;     ///< (K) float32: the level's range of max(l, t, r, b), ends inclusive
    torch::Tensor high;    ///< (K)
    LevelSizes sizes;
};
Locations make_locations(const LevelSizes& sizes, const Config& config, torch::Device device);

/// The targets of each location of one image.
struct Assignment {
    torch::Tensor labels;    ///< (K) int64; 0 = background
    torch::Tensor instance;  ///< (K) int64 index of the object; -1 = none
    torch::Tensor ltrb;      ///< (K, 4) float32 distances, in strides if norm_reg_targets
};

/// Applies the conditions of §5.2, smallest object first (§5.3). For an object with an unknown
/// mask, the test whether the location is inside the mask is skipped. Without objects everything is
/// background.
Assignment assign(const Locations& locations, const Instances& instances, const Config& config);

/// sqrt(min(l,r)/max(l,r) · min(t,b)/max(t,b)) of positive distances (n, 4) (§5.4).
torch::Tensor centerness(const torch::Tensor& ltrb);

/// For every object, the flat index of the assigned location whose predicted box fits it best, -1
/// if none is assigned (§5.5). `predicted` (K, 4): distances in pixels.
torch::Tensor best_locations(const Locations& locations, const Assignment& assignment,
                             const Instances& instances, const torch::Tensor& predicted,
                             const Config& config);

/// (K) IoU of every assigned location's predicted box with its object's box, 0 elsewhere.
torch::Tensor assigned_iou(const Locations& locations, const Assignment& assignment,
                           const Instances& instances, const torch::Tensor& predicted,
                           const Config& config);

/// Mask targets on the quarter grid (G, H/4, W/4) uint8 (§6.5 step 2, §11 item 12).
torch::Tensor quarter_masks(const torch::Tensor& masks, std::int64_t height, std::int64_t width,
                            const Config& config);

/// Class of every cell of the stride-8 grid, 0 = none; the smallest mask takes precedence (§6.8).
torch::Tensor semantic_target(const Instances& instances, std::int64_t height, std::int64_t width);

}  // namespace embedmask::train
