// A model over the photos of a data set (`eval MODEL`).
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/predictor.h"
#include "eval_options.h"

namespace embedmask::cli {

class ModelRun {
public:
    /// Error when the model has categories that the data set does not know, or the data set an
    /// image id twice. `dataset` and `options` are borrowed.
    ModelRun(const EvalOptions& options, const Dataset& dataset);

    using Use = std::function<void(const ImageRecord&, Prediction&)>;

    /// Predicts these images of the data set and prints what each stage took: `score` is called as
    /// each one finishes, from several threads; then `collect`, one at a time in the given order.
    /// Error when a photo cannot be read: an evaluation without it would be another one.
    void run(std::span<const std::size_t> images, const Use& score, const Use& collect) const;

    [[nodiscard]] const Predictor& predictor() const { return predictor_; }
    [[nodiscard]] bool has_masks() const { return embedmask::has_masks(predictor_.config()); }
    [[nodiscard]] const std::vector<double>& thresholds() const { return thresholds_; }

private:
    ModelRun(const EvalOptions& options, const Dataset& dataset, const Model& model);

    const EvalOptions& options_;
    const Dataset& dataset_;
    std::vector<double> thresholds_;  // of --mask-thresholds
    Predictor predictor_;
};

}  // namespace embedmask::cli
