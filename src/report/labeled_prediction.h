// Predictions as input for the writers of labels.
#pragma once

#include <vector>

#include "data/formats/labeled_image.h"
#include "data/image_files.h"
#include "embedmask/predictor.h"

namespace embedmask::report {

/// What the files of other tools tell of a prediction that refers to stored rows, turned upright.
Prediction upright(const Prediction& prediction, int orientation);

/// The detections with a score of at least `score_threshold`, best first. The objects point to the
/// masks of `prediction`, and to `record`; a detector without masks gives boxes.
data::LabeledImage labeled_image(const ImageRecord& record, const Prediction& prediction,
                                 float score_threshold, const std::vector<Category>& categories);

/// The record of an image file: its id and its name.
ImageRecord record_of(const data::ImageFile& input);

}  // namespace embedmask::report
