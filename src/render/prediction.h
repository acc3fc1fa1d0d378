// Predictions as the drawing functions see them.
#pragma once

#include <span>
#include <vector>

#include "embedmask/category.h"
#include "embedmask/predictor.h"
#include "render/instance.h"

namespace embedmask::render {

/// The detections of at least `score_threshold`, the best first, each in its colour. They point to
/// the masks of `prediction`, which must outlive them; without runs for a detector without masks.
std::vector<DrawnInstance> drawn_instances(const Prediction& prediction, float score_threshold,
                                           std::span<const Category> categories);

/// Whether these are of a detector without masks, whose boxes are drawn instead.
bool boxes_only(std::span<const DrawnInstance> instances);

}  // namespace embedmask::render
