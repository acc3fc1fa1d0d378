#include "train/lovasz.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace embedmask::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kLargestFloatLogit = 16.6355;

/// A cell's log-odds and its derivative with respect to the value it came from.
template <typename T>
struct Logit {
    T value = 0;
    T slope = 0;
};

struct Limits {
    double low = 0;
    double high = 0;
};

Limits limits_of(double eps, bool is_float) {
    const double bound = std::log1p(-eps) - std::log(eps);
    return {-bound, is_float ? std::min(bound, kLargestFloatLogit) : bound};
}

template <typename T>
Logit<T> limited(T value, T slope, const Limits& limits) {
    if (!(value < limits.high)) return {static_cast<T>(limits.high), 0};
    if (!(value > limits.low)) return {static_cast<T>(limits.low), 0};
    return {value, slope};
}

// z = −S − ln(1 − e^−S), dz/dS = −1/(1 − e^−S).
struct FromDistance {
    template <typename T>
    static Logit<T> at(T distance, const Limits& limits) {
        const T complement = -std::expm1(-distance);
        if (!(complement > 0)) return {static_cast<T>(limits.high), 0};
        return limited(-distance - std::log(complement), -1 / complement, limits);
    }
};

struct FromProbability {
    template <typename T>
    static Logit<T> at(T probability, const Limits& limits) {
        if (!(probability > 0)) return {static_cast<T>(limits.low), 0};
        if (!(probability < 1)) return {static_cast<T>(limits.high), 0};
        return limited(std::log(probability) - std::log1p(-probability),
                       1 / (probability * (1 - probability)), limits);
    }
};

struct FromLogit {
    template <typename T>
    static Logit<T> at(T logit, const Limits&) {
        return {logit, 1};
    }
};

// One mask. Cells whose error is not positive add nothing and come last in the descending order, so
// only the others are sorted.
template <typename Source, typename T>
T lovasz_mask(const T* values, const std::uint8_t* targets, std::int64_t cells,
              const Limits& limits, T* gradient) {
    std::vector<std::pair<T, std::int32_t>> errors;
    std::int64_t foreground = 0;
    for (std::int64_t j = 0; j < cells; ++j) {
        gradient[j] = 0;
        if (targets[j] == kLeftOut) continue;
        foreground += targets[j];
        const T sign = targets[j] != 0 ? T(1) : T(-1);
        const Logit<T> logit = Source::template at<T>(values[j], limits);
        const T error = 1 - logit.value * sign;
        if (!(error > 0)) continue;
        errors.emplace_back(error, static_cast<std::int32_t>(j));
        gradient[j] = -sign * logit.slope;
    }
    std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    T loss = 0;
    T before = 0;
    std::int64_t positives = 0;
    std::int64_t negatives = 0;
    for (const auto& [error, j] : errors) {
        ++(targets[j] != 0 ? positives : negatives);
        const T jaccard =
            1 - static_cast<T>(foreground - positives) / static_cast<T>(foreground + negatives);
        const T weight = jaccard - before;
        before = jaccard;
        loss += error * weight;
        gradient[j] *= weight;
    }
    return loss;
}

// The same with whole-tensor operations, for devices other than the CPU. `logits` and `slopes`
// (G, J) → losses (G) and gradients (G, J).
std::pair<Tensor, Tensor> lovasz_batch(const Tensor& logits, const Tensor& slopes,
                                       const Tensor& targets) {
    const Tensor counts = targets != kLeftOut;
    const Tensor label = (targets == 1).to(logits.scalar_type());
    const Tensor sign = 2 * label - 1;
    const Tensor error = torch::where(counts, 1 - logits * sign, -1.0);
    const auto [sorted, order] = error.sort(/*stable=*/true, 1, /*descending=*/true);
    const Tensor label_sorted = label.gather(1, order);
    const Tensor total = label.sum(1, true);
    const Tensor positives = label_sorted.cumsum(1);
    const Tensor negatives = (1 - label_sorted).cumsum(1);
    const Tensor jaccard = 1 - (total - positives) / (total + negatives).clamp_min(1);
    Tensor weight = jaccard.clone();
    weight.slice(1, 1) -= jaccard.slice(1, 0, -1);
    weight = weight * (sorted > 0);
    const Tensor loss = (sorted * weight).sum(1);
    const Tensor gradient = torch::zeros_like(error).scatter(1, order, weight) * (-sign) * slopes;
    return {loss, gradient};
}

template <typename Source>
std::pair<Tensor, Tensor> logits_of(const Tensor& values, const Limits& limits) {
    Tensor logits;
    Tensor slopes;
    if constexpr (std::is_same_v<Source, FromDistance>) {
        const Tensor complement = -torch::expm1(-values);
        logits = -values - torch::log(complement);
        slopes = -1 / complement;
    } else if constexpr (std::is_same_v<Source, FromProbability>) {
        logits = torch::log(values) - torch::log1p(-values);
        slopes = 1 / (values * (1 - values));
    } else {
        return {values, torch::ones_like(values)};
    }
    const Tensor free = (logits > limits.low) & (logits < limits.high);
    return {logits.clamp(limits.low, limits.high), torch::where(free, slopes, 0.0)};
}

template <typename Source>
class Lovasz : public torch::autograd::Function<Lovasz<Source>> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& values, const Tensor& targets,
                          double eps) {
        const Tensor dense = values.contiguous();
        const Tensor labels = targets.contiguous();
        const Limits limits = limits_of(eps, dense.scalar_type() == torch::kFloat32);
        if (!dense.is_cpu()) {
            const auto [logits, slopes] = logits_of<Source>(dense, limits);
            const auto [loss, gradient] = lovasz_batch(logits, slopes, labels);
            context->save_for_backward({gradient});
            return loss;
        }
        const std::int64_t masks = dense.size(0);
        const std::int64_t cells = dense.size(1);
        Tensor gradient = torch::empty_like(dense);
        Tensor losses = torch::empty({masks}, dense.options());
        AT_DISPATCH_FLOATING_TYPES(dense.scalar_type(), "lovasz", [&] {
            const auto* in = dense.const_data_ptr<scalar_t>();
            const auto* target = labels.const_data_ptr<std::uint8_t>();
            auto* out = losses.mutable_data_ptr<scalar_t>();
            auto* slope = gradient.mutable_data_ptr<scalar_t>();
            at::parallel_for(0, masks, 1, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t g = begin; g < end; ++g) {
                    out[g] = lovasz_mask<Source>(in + g * cells, target + g * cells, cells, limits,
                                                 slope + g * cells);
                }
            });
        });
        context->save_for_backward({gradient});
        return losses;
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const Tensor gradient = context->get_saved_variables()[0];
        return {gradient * grads[0].unsqueeze(1), Tensor(), Tensor()};
    }
};

}  // namespace

Tensor lovasz_of_distance(const Tensor& distance, const Tensor& targets, double eps) {
    return Lovasz<FromDistance>::apply(distance, targets, eps);
}

Tensor lovasz_of_probability(const Tensor& probability, const Tensor& targets, double eps) {
    return Lovasz<FromProbability>::apply(probability, targets, eps);
}

Tensor lovasz_hinge(const Tensor& logits, const Tensor& labels) {
    constexpr double kUnused = 0.5;
    return Lovasz<FromLogit>::apply(logits.unsqueeze(0), labels.unsqueeze(0), kUnused).squeeze(0);
}

}  // namespace embedmask::train
