#include "scoring/scores.h"

#include <algorithm>

namespace embedmask::scoring {

bool ScoreOptions::scores_masks() const {
    return std::ranges::any_of(types, [](IouType type) { return type != IouType::bbox; });
}

EvaluationOptions ScoreOptions::evaluation_of(IouType type) const {
    EvaluationOptions result = evaluation;
    result.type = type;
    return result;
}

EvaluationOptions ScoreOptions::sweep_of(IouType type) const {
    EvaluationOptions result = evaluation_of(type);
    result.per_image = false;
    result.bootstrap_samples = 0;
    return result;
}

SweepPoint sweep_point(double threshold, const Evaluation& evaluation) {
    SweepPoint point{threshold, {}};
    for (const Metric& metric : evaluation.metrics()) {
        point.values.push_back(evaluation.value(metric));
    }
    return point;
}

}  // namespace embedmask::scoring
