// AP of chosen images: every image by itself, and bootstrap samples of all.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "evaluation/accumulate.h"

namespace embedmask::detail {

/// The AP of each image that has ground truth, ascending by id. `matches` are sorted.
std::vector<ImageScore> score_images(std::span<const CategoryMatches> matches,
                                     const EvaluationOptions& options);

/// 2.5 % and 97.5 % quantile of AP over samples of the images that have ground truth or detections,
/// drawn with replacement; an image drawn twice counts twice. Same seed, same bits.
std::array<double, 2> bootstrap_interval(std::span<const CategoryMatches> matches,
                                         const EvaluationOptions& options);

}  // namespace embedmask::detail
