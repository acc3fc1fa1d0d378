// Predicts the images of an annotation file and scores them, or scores results files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/model.h"
#include "embedmask/predictor.h"
#include "scoring/predict_images.h"
#include "scoring/result_sets.h"
#include "scoring/scores.h"

namespace embedmask::scoring {

/// Error if the model has categories that the dataset does not have, unless they are ignored, or
/// names differ. Returns the number of the model's categories that the dataset does not have.
std::size_t require_known_categories(const Model& model, const Dataset& dataset,
                                     bool ignore_unknown = false);

struct ModelScores {
    std::vector<TypeScores> types;
    ResultSets results;  ///< those needed by add_error_analysis and images
    RunTotals totals;
};

/// Predicts every image of the dataset in `folder` and scores it immediately. Masks are then
/// discarded unless an analysis needs them. `use`, if any, is called as in predict_images, before
/// scoring. Error if an image cannot be read, regardless of `run.skip_unreadable`: AP without it
/// would be that of a different dataset.
ModelScores score_model(const Predictor& predictor, const Dataset& dataset,
                        const std::filesystem::path& folder, const ScoreOptions& options,
                        const PredictImagesOptions& run = {}, const UseImage& use = {});

/// Scores the detections of results files. `source` names them in errors.
std::vector<TypeScores> score_results(const Dataset& dataset, const ResultSets& results,
                                      const ScoreOptions& options, const std::string& source);

/// Adds the error split and the confusion matrix if requested in `options`.
void add_error_analysis(std::vector<TypeScores>& scores, const Dataset& dataset,
                        const ResultSets& results, const ScoreOptions& options);

}  // namespace embedmask::scoring
