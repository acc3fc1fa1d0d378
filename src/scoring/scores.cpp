#include "scoring/scores.h"

namespace embedmask::scoring {

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

}  // namespace embedmask::scoring
