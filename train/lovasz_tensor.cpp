#include "train/lovasz_tensor.h"

#include <algorithm>
#include <cmath>

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr double kLargestFloatLogit = 16.6355;

struct Logits {
    Tensor values;
    Tensor slopes;  // derivatives with respect to the input values
};

Logits logits_of(LovaszInput input, const Tensor& values, const LogitLimits& limits) {
    Logits logits;
    if (input == LovaszInput::Logit) {
        return {values, torch::ones_like(values)};
    }
    if (input == LovaszInput::Distance) {
        const Tensor complement = -torch::expm1(-values);
        logits = {-values - torch::log(complement), -1 / complement};
    } else {
        logits = {torch::log(values) - torch::log1p(-values), 1 / (values * (1 - values))};
    }
    const Tensor free = (logits.values > limits.low) & (logits.values < limits.high);
    return {logits.values.clamp(limits.low, limits.high), torch::where(free, logits.slopes, 0.0)};
}

}  // namespace

LogitLimits logit_limits(double eps, bool is_float) {
    const double bound = std::log1p(-eps) - std::log(eps);
    return {-bound, is_float ? std::min(bound, kLargestFloatLogit) : bound};
}

LovaszTensors lovasz_by_tensor(LovaszInput input, const Tensor& values, const Tensor& targets,
                               const LogitLimits& limits) {
    const auto [logits, slopes] = logits_of(input, values, limits);
    const Tensor label = (targets == 1).to(logits.scalar_type());
    const Tensor sign = 2 * label - 1;
    // A non-positive error contributes nothing and sorts last, as needed for ignored cells.
    const Tensor error = torch::where(targets != kLeftOut, 1 - logits * sign, -1.0);
    const auto [sorted, order] = error.sort(/*stable=*/true, 1, /*descending=*/true);
    const Tensor label_sorted = label.gather(1, order);
    const Tensor total = label.sum(1, true);
    const Tensor positives = label_sorted.cumsum(1);
    const Tensor negatives = (1 - label_sorted).cumsum(1);
    const Tensor jaccard = 1 - (total - positives) / (total + negatives).clamp_min(1);
    Tensor weight = jaccard.clone();
    weight.slice(1, 1) -= jaccard.slice(1, 0, -1);
    weight = weight * (sorted > 0);
    return {(sorted * weight).sum(1),
            torch::zeros_like(error).scatter(1, order, weight) * (-sign) * slopes};
}

}  // namespace embedmask::train
