// The input of one training step.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace embedmask::train {

/// The objects of one image, in pixels of the network input (§2.6, §2.7).
struct Instances {
    torch::Tensor boxes;   ///< (G, 4) float32: x1, y1, x2, y2; inclusive under legacy_plus_one
    torch::Tensor labels;  ///< (G) int64, 1..C; 0 is background
    torch::Tensor masks;   ///< (G, h, w) uint8 0/1, content without padding
    torch::Tensor known;   ///< (G) bool: false if only the box is known (unknown mask)

    [[nodiscard]] std::int64_t size() const { return labels.size(0); }
    [[nodiscard]] Instances to(torch::Device device) const;
};

struct Batch {
    torch::Tensor images;  ///< (N, 3, H, W) float32, normalised, zero-padded
    std::vector<Instances> instances;
    std::vector<std::int64_t> image_ids;
};

}  // namespace embedmask::train
