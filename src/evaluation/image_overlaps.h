// All detections of an image against all its ground truths, regardless of category.
#pragma once

#include <cstddef>
#include <vector>

#include "evaluation/objects.h"

namespace embedmask::detail {

struct ImageOverlaps {
    std::vector<std::size_t> detections;  // by descending score
    std::vector<std::size_t> truths;      // not crowds, in file order
    std::vector<std::size_t> crowds;
    std::vector<double> iou;        // [detection][truth]
    std::vector<double> crowd_iou;  // [detection][crowd]
};

/// Uses the `most` best detections with a score of at least `score_threshold`. `type` is bbox or
/// segm (boundary counts as segm).
ImageOverlaps image_overlaps(const ImageObjects& objects, IouType type, double score_threshold,
                             std::size_t most);

}  // namespace embedmask::detail
