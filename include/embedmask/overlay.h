/// @file
/// Draws predictions over their images.
#pragma once

#include <span>

#include "embedmask/category.h"
#include "embedmask/export.h"
#include "embedmask/image.h"
#include "embedmask/predictor.h"

namespace embedmask {

/// Options of `draw`.
struct OverlayOptions {
    float fill_opacity = 0.45F;    ///< of the masks, 0..1
    bool contours = true;          ///< outline the masks
    bool boxes = false;            ///< draw boxes (always drawn without masks)
    bool labels = true;            ///< write category names
    bool scores = true;            ///< write scores on the labels
    float score_threshold = 0.3F;  ///< lowest score drawn
};

/// The image with the masks (translucent, with a smooth contour), boxes and labels ("person 0.97")
/// of a prediction. Higher scores are drawn on top; line and text sizes scale with the image;
/// labels stay inside it. `categories` are those of the Predictor. Error if the prediction has a
/// different size. Thread-safe.
[[nodiscard]] EMBEDMASK_EXPORT Image draw(const ImageView& image, const Prediction& prediction,
                                          std::span<const Category> categories,
                                          const OverlayOptions& options = {});

}  // namespace embedmask
