#include "train/lovasz.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "train/lovasz_tensor.h"

namespace embedmask::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The log-odds of a cell and its derivative with respect to the input value.
template <typename T>
struct Logit {
    T value = 0;
    T slope = 0;
};

template <typename T>
Logit<T> limited(T value, T slope, const LogitLimits& limits) {
    if (!(value < limits.high)) {
        return {static_cast<T>(limits.high), 0};
    }
    if (!(value > limits.low)) {
        return {static_cast<T>(limits.low), 0};
    }
    return {value, slope};
}

// z = −S − ln(1 − e^−S), dz/dS = −1/(1 − e^−S).
struct FromDistance {
    static constexpr LovaszInput kInput = LovaszInput::Distance;

    template <typename T>
    static Logit<T> at(T distance, const LogitLimits& limits) {
        const T complement = -std::expm1(-distance);
        if (!(complement > 0)) {
            return {static_cast<T>(limits.high), 0};
        }
        return limited(-distance - std::log(complement), -1 / complement, limits);
    }
};

struct FromProbability {
    static constexpr LovaszInput kInput = LovaszInput::Probability;

    template <typename T>
    static Logit<T> at(T probability, const LogitLimits& limits) {
        if (!(probability > 0)) {
            return {static_cast<T>(limits.low), 0};
        }
        if (!(probability < 1)) {
            return {static_cast<T>(limits.high), 0};
        }
        return limited(std::log(probability) - std::log1p(-probability),
                       1 / (probability * (1 - probability)), limits);
    }
};

struct FromLogit {
    static constexpr LovaszInput kInput = LovaszInput::Logit;

    template <typename T>
    static Logit<T> at(T logit, const LogitLimits&) {
        return {logit, 1};
    }
};

// The loss of one mask. Cells without a positive error contribute nothing and are last in
// descending order, so only the others are sorted.
template <typename Source, typename T>
T lovasz_mask(const T* values, const std::uint8_t* targets, std::int64_t cells,
              const LogitLimits& limits, T* gradient) {
    std::vector<std::pair<T, std::int32_t>> errors;
    std::int64_t foreground = 0;
    for (std::int64_t j = 0; j < cells; ++j) {
        gradient[j] = 0;
        if (targets[j] == kLeftOut) {
            continue;
        }
        foreground += targets[j];
        const T sign = targets[j] != 0 ? T(1) : T(-1);
        const Logit<T> logit = Source::template at<T>(values[j], limits);
        const T error = 1 - logit.value * sign;
        if (!(error > 0)) {
            continue;
        }
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

template <typename Source>
class Lovasz : public torch::autograd::Function<Lovasz<Source>> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& values, const Tensor& targets,
                          double eps) {
        const Tensor dense = values.contiguous();
        const Tensor labels = targets.contiguous();
        const LogitLimits limits = logit_limits(eps, dense.scalar_type() == torch::kFloat32);
        if (!dense.is_cpu()) {
            const auto [losses, gradient] = lovasz_by_tensor(Source::kInput, dense, labels, limits);
            context->save_for_backward({gradient});
            return losses;
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
