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
    /// Photos of the first images with what was found on them.
    std::vector<Image> pictures;

    /// What `best` and early stopping look at: segm AP, bbox AP of a detector without masks.
    [[nodiscard]] double ap() const { return has_masks ? segm[0] : bbox[0]; }
};

/// Reads the file once; `run` predicts all photos, then scores.
class Validation {
public:
    /// Error when the file is broken or its categories are not `categories`.
    Validation(const std::filesystem::path& annotations, std::filesystem::path images,
               const std::vector<Category>& categories);

    [[nodiscard]] Scores run(const Model& model, int pictures) const;

private:
    Dataset dataset_;
    std::filesystem::path images_;
};

}  // namespace embedmask::train
