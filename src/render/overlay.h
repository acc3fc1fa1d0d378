// An image with its instances drawn over it.
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
/// `image` and returns it. Higher scores lie on top. Line and text sizes follow the size of the
/// image; plates stay inside it and keep clear of each other where there is room. Masks must have
/// the image's size (Error otherwise). Memory beside the image: the largest mask's window.
Image overlay(Image image, std::span<const DrawnInstance> instances,
              const OverlayOptions& options = {});

}  // namespace embedmask::render
