// Computes COCO AP on the validation set during training, with the toolkit's own predictor and
// evaluator.
#pragma once

#include <filesystem>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/evaluation.h"
#include "embedmask/model.h"
#include "embedmask/predictor.h"

namespace embedmask::train {

struct Scores {
    CocoStats bbox{};
    CocoStats segm{};
    bool has_masks = true;
    /// The first images with their detections drawn.
    std::vector<Image> overlays;

    /// The metric for `best` and early stopping: segm AP, or bbox AP for a detector without masks.
    [[nodiscard]] double ap() const { return has_masks ? segm[0] : bbox[0]; }
};

/// Reads the annotation file once; `run` predicts every image, scores the detections, and draws
/// those of the first `overlays` images.
class Validation {
public:
    /// Error if the file is malformed, its categories are not `categories`, or, with `masks`, its
    /// masks cannot be scored.
    Validation(const std::filesystem::path& annotations, std::filesystem::path images,
               const std::vector<Category>& categories, bool masks);

    [[nodiscard]] Scores run(const Model& model, int overlays) const;

private:
    Dataset dataset_;
    std::filesystem::path images_;
};

}  // namespace embedmask::train
