// Scores predictions as they come and forgets them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/predictor.h"
#include "evaluation/objects.h"
#include "scoring/scores.h"

namespace embedmask::scoring {

/// One Evaluator for each type and, for the sweep, for each mask threshold. What is kept of a
/// detection is what an Evaluator keeps; masks are not.
class StreamScorer {
public:
    /// `dataset` is borrowed.
    StreamScorer(const Dataset& dataset, const ScoreOptions& options);

    /// Every image once, from any thread.
    void add(std::int64_t image_id, const Prediction& prediction);

    /// In the order of the types; call once, after the last image.
    std::vector<TypeScores> finish();

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

}  // namespace embedmask::scoring
