// Per-class greedy non-maximum suppression and the limit on detections (spec §7.2, §7.3).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "detection/candidates.h"

namespace embedmask::detection {

/// Intersection over union in [0, 1]; `plus_one` counts both end pixels (§5.5).
float iou(const Box& a, const Box& b, bool plus_one);

/// Indices of the kept boxes, ascending. A box is suppressed by a better one (ties: the earlier
/// one) with the same label if their IoU is above `threshold`.
std::vector<std::size_t> nms(std::span<const Candidate> candidates, double threshold,
                             bool plus_one);

/// Keeps every element of `kept` whose score is at least the `limit`-th largest; ties can keep
/// more. A limit of 0 or less keeps all.
std::vector<std::size_t> limit_detections(std::span<const Candidate> candidates,
                                          std::vector<std::size_t> kept, std::int64_t limit);

}  // namespace embedmask::detection
