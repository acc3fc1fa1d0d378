// Places images and probability maps side by side (the paper's Fig. 3).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::render {

struct CaptionedImage {
    std::string caption;
    Image image;
};

/// Images with captions above, scaled to the height of the first, in one row, or in two columns if
/// there are more than two and the first is wide. `title` (may be empty) is placed at the top.
/// Error if there are no images.
Image panel(std::span<const CaptionedImage> images, const std::string& title);

/// A probability map (row order, values in [0, 1], stretched over the whole image) in heat colours
/// over the darkened image, which shows through where the probability is low.
Image probability_image(const Image& image, std::span<const float> map, ImageSize map_size);

/// Draws the three maps of one detection next to the image, captioned "spatial-aware",
/// "spatial-free" and "fused" (the product of the two, eq. 3 of the paper). All maps have
/// `map_size`.
struct ProbabilityMaps {
    std::span<const float> spatial_aware;
    std::span<const float> spatial_free;
    std::span<const float> fused;
    ImageSize map_size;
};
Image probability_panel(const Image& image, const ProbabilityMaps& maps, const std::string& title);

}  // namespace embedmask::render
