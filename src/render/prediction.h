// Converts predictions to the instances of the drawing functions.
#pragma once

#include <span>
#include <vector>

#include "embedmask/category.h"
#include "embedmask/predictor.h"
#include "render/instance.h"

namespace embedmask::render {

/// The detections with a score of at least `score_threshold`, best first, with colours assigned.
/// They point to the masks of `prediction`, which must outlive them. Masks have no runs for a
/// detector without masks.
std::vector<DrawnInstance> drawn_instances(const Prediction& prediction, float score_threshold,
                                           std::span<const Category> categories);

/// Whether these come from a detector without masks, whose boxes are drawn instead.
bool boxes_only(std::span<const DrawnInstance> instances);

}  // namespace embedmask::render
