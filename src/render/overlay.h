// Draws instances over their image.
#pragma once

#include <span>

#include "embedmask/image.h"
#include "render/instance.h"

namespace embedmask::render {

struct OverlayOptions {
    float fill_opacity = 0.45F;
    bool contours = true;
    bool boxes = false;
    bool labels = true;
    bool scores = true;  ///< on the label plates
};

/// Draws masks (translucent, with a smooth contour), boxes and label plates ("person 0.97") on
/// `image` and returns it. Higher scores are on top. Line and text sizes scale with the image;
/// plates stay inside it and do not overlap if there is room. Error unless masks have the size of
/// the image. Additional memory: the window of the largest mask.
Image overlay(Image image, std::span<const DrawnInstance> instances,
              const OverlayOptions& options = {});

}  // namespace embedmask::render
