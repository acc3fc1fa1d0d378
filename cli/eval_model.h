// Predictions of a model, to be scored (`eval MODEL`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/results.h"
#include "predictor_options.h"

namespace embedmask::cli {

/// The same detections twice: COCO takes areas from boxes where a record has one (spec §7.7), so
/// boxes and masks are records of their own, as in the two files that `predict` writes.
struct ModelResults {
    std::vector<Result> boxes;
    std::vector<Result> masks;  ///< empty for a detector without masks
};

/// Runs `model` on every image of the data set, in its order, and prints what each stage took.
/// Error when a photo cannot be read (an evaluation without it would be another one) or when the
/// model has categories that the data set does not know.
ModelResults predict_results(const std::string& model, const Dataset& dataset,
                             const std::filesystem::path& images, const PredictorFlags& flags);

}  // namespace embedmask::cli
