// Scores predictions as they come and forgets them (`eval MODEL`).
#pragma once

#include <memory>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/predictor.h"
#include "eval_options.h"
#include "evaluation/objects.h"
#include "report/report.h"

namespace embedmask::cli {

/// One Evaluator for each type and, for the sweep, for each mask threshold. What is kept of a
/// detection is what an Evaluator keeps; masks are not.
class StreamScorer {
public:
    /// `dataset` is borrowed. `thresholds`: PredictorOptions::sweep_thresholds of the predictor.
    StreamScorer(const Dataset& dataset, const EvalOptions& options,
                 const std::vector<IouType>& types, const std::vector<double>& thresholds);

    /// Every image once, from any thread.
    void add(std::int64_t image_id, const Prediction& prediction);

    /// In the order of the types; call once, after the last image.
    std::vector<report::TypeReport> finish();

private:
    struct Item {
        IouType type = IouType::bbox;
        std::unique_ptr<Evaluator> evaluator;
        std::vector<std::unique_ptr<Evaluator>> sweep;  // by threshold
    };

    detail::ObjectSource truth_;
    std::vector<double> thresholds_;
    std::vector<Item> items_;
};

}  // namespace embedmask::cli
