// COCO AP on the validation set while training, with the product's own predictor and evaluator.
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
    /// The first images with their detections drawn on them.
    std::vector<Image> overlays;

    /// What `best` and early stopping look at: segm AP, bbox AP of a detector without masks.
    [[nodiscard]] double ap() const { return has_masks ? segm[0] : bbox[0]; }
};

/// Reads the annotation file once; `run` predicts every image and scores the detections, and draws
/// those of the first `overlays` images.
class Validation {
public:
    /// Error when the file is broken or its categories are not `categories`.
    Validation(const std::filesystem::path& annotations, std::filesystem::path images,
               const std::vector<Category>& categories);

    [[nodiscard]] Scores run(const Model& model, int overlays) const;

private:
    Dataset dataset_;
    std::filesystem::path images_;
};

}  // namespace embedmask::train
