// Scores predictions as they arrive and then discards them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/predictor.h"
#include "evaluation/objects.h"
#include "scoring/scores.h"

namespace embedmask::scoring {

/// One Evaluator per type and, for the sweep, per mask threshold. Only the data that an Evaluator
/// needs is kept per detection, not the masks.
class StreamScorer {
public:
    /// `dataset` is borrowed.
    StreamScorer(const Dataset& dataset, const ScoreOptions& options);

    /// Call once per image, from any thread.
    void add(std::int64_t image_id, const Prediction& prediction);

    /// Scores in the order of the types; call once, after the last image.
    std::vector<TypeScores> finish();

private:
    struct Item {
        IouType type = IouType::bbox;
        std::unique_ptr<Evaluator> evaluator;
        std::vector<std::unique_ptr<Evaluator>> sweep;  // one per threshold
    };

    detail::ObjectSource truth_;
    std::vector<double> thresholds_;
    std::vector<Item> items_;
};

}  // namespace embedmask::scoring
