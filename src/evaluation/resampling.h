// AP of subsets of images: per image, and for bootstrap samples of all images.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "evaluation/accumulate.h"

namespace embedmask::detail {

/// The AP of each image with ground truth, in ascending order of id. `matches` are sorted.
std::vector<ImageScore> score_images(std::span<const CategoryMatches> matches,
                                     const EvaluationOptions& options);

/// The 2.5 % and 97.5 % quantiles of AP over samples of the images with ground truth or detections,
/// drawn with replacement; an image drawn twice counts twice. Equal seeds give bit-identical
/// results.
std::array<double, 2> bootstrap_interval(std::span<const CategoryMatches> matches,
                                         const EvaluationOptions& options);

}  // namespace embedmask::detail
