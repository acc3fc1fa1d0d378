// Transforms boxes and masks by resizing, flipping and cropping (§2.4, §2.6, §2.7).
#pragma once

#include <torch/torch.h>

#include <optional>

#include "embedmask/box.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::train {

/// The transform of an image, in this order: resize from `original` to `resized`, flip, crop to the
/// window of `crop_size` at (`crop_x`, `crop_y`).
struct Geometry {
    ImageSize original;
    ImageSize resized;
    bool flipped = false;
    bool plus_one = true;  ///< the legacy inclusive convention (§11 item 11)
    int crop_x = 0;
    int crop_y = 0;
    ImageSize crop_size;
};

// Boxes and vertices are float32 from reading on, and so are the two scales (§2.6): in double, one
// mask pixel in ten thousand would be on the other side of an edge.

/// The box in the cropped image (inclusive ends if `plus_one`), or nothing if it is empty after
/// clipping (§2.6). `box` is in the original image.
std::optional<Box> transform_box(const CocoBox& box, const Geometry& geometry);

/// Ring x0, y0, x1, y1, ... in the resized and flipped image, before cropping, as float32.
std::vector<double> transform_ring(const std::vector<double>& ring, const Geometry& geometry);

/// (h, w) uint8 mask in the cropped image, or nothing if the object has no ring of three points and
/// must be dropped (§2.7).
std::optional<torch::Tensor> transform_mask(const Segmentation& segmentation,
                                            const Geometry& geometry);

}  // namespace embedmask::train
