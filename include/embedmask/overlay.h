/// Drawing what was found over the image it was found on.
#pragma once

#include <span>

#include "embedmask/category.h"
#include "embedmask/export.h"
#include "embedmask/image.h"
#include "embedmask/predictor.h"

namespace embedmask {

struct OverlayOptions {
    float fill_opacity = 0.45F;  ///< of the masks, 0..1
    bool contours = true;
    bool boxes = false;
    bool labels = true;
    bool scores = true;            ///< on the labels
    float score_threshold = 0.3F;  ///< detections of a lower score are not drawn
};

/// The image with masks (translucent, with a smooth contour), boxes and labels ("person 0.97") of
/// a prediction. Higher scores lie on top; line and text sizes follow the size of the image; labels
/// stay inside it. Of a detector without masks the boxes are drawn, whatever `boxes` says.
/// `categories`: those of the Predictor. Error when the prediction is of another size. Any thread.
[[nodiscard]] EMBEDMASK_EXPORT Image draw(const ImageView& image, const Prediction& prediction,
                                          std::span<const Category> categories,
                                          const OverlayOptions& options = {});

}  // namespace embedmask
