// "Predict the images of an annotation file and score them", and the same for results files.
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

/// Error when the model has categories that the data set does not know.
void require_known_categories(const Model& model, const Dataset& dataset);

/// Error when the data set has an image id twice.
void require_unique_images(const Dataset& dataset);

struct ModelScores {
    std::vector<TypeScores> types;
    ResultSets results;  ///< those that add_error_analysis and images need
    RunTotals totals;
};

/// Predicts every image of the data set in `folder` and scores it as it comes: masks are forgotten
/// at once, unless an analysis needs them. `use`, if any, is called as predict_images does, before
/// the scoring. Error when an image cannot be read, whatever `run.skip_unreadable` says: AP without
/// it would be that of another data set.
ModelScores score_model(const Predictor& predictor, const Dataset& dataset,
                        const std::filesystem::path& folder, const ScoreOptions& options,
                        const PredictImagesOptions& run = {}, const UseImage& use = {});

/// Scores detections of results files. `source` names them in errors.
std::vector<TypeScores> score_results(const Dataset& dataset, const ResultSets& results,
                                      const ScoreOptions& options, const std::string& source);

/// Adds the error split and the confusion matrix where `options` wants them.
void add_error_analysis(std::vector<TypeScores>& scores, const Dataset& dataset,
                        const ResultSets& results, const ScoreOptions& options);

}  // namespace embedmask::scoring
