// Boxes and masks under resizing, flipping and cropping (§2.4, §2.6, §2.7).
#pragma once

#include <torch/torch.h>

#include <array>
#include <optional>

#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::train {

/// What happened to a photo, in this order: resized from `original` to `resized`, flipped, cut to
/// the window `crop_size` at (`crop_x`, `crop_y`).
struct Geometry {
    ImageSize original;
    ImageSize resized;
    bool flipped = false;
    bool plus_one = true;  ///< the legacy inclusive convention (§11 item 11)
    int crop_x = 0;
    int crop_y = 0;
    ImageSize crop_size;
};

/// x1, y1, x2, y2 in the cut photo, or nothing when the box is empty after clipping (§2.6).
/// `box`: x, y, width, height in the original photo.
std::optional<std::array<double, 4>> transform_box(const std::array<double, 4>& box,
                                                   const Geometry& geometry);

/// Ring x0, y0, x1, y1, ... in the resized and flipped photo, before cutting.
std::vector<double> transform_ring(const std::vector<double>& ring, const Geometry& geometry);

/// (h, w) uint8 mask in the cut photo, or nothing when the object has no ring of three points and
/// must be dropped (§2.7).
std::optional<torch::Tensor> transform_mask(const Segmentation& segmentation,
                                            const Geometry& geometry);

}  // namespace embedmask::train
