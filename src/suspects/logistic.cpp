#include "suspects/logistic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace embedmask::suspects {
namespace {

constexpr int kSteps = 12;                 // of Newton's method, which needs about six
constexpr double kPenalty = 10;            // of a squared weight of a standardised feature
constexpr double kConstantPenalty = 1e-6;  // of the constant
constexpr double kSteepest = 30;           // exponent beyond which a probability is 0 or 1
constexpr double kLeastSpread = 1e-9;

/// Solves a symmetric, positive definite system in place (Cholesky).
void solve(std::vector<double>& matrix, std::vector<double>& right) {
    const std::size_t n = right.size();
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = matrix[i * n + j];
            for (std::size_t k = 0; k < j; ++k) {
                sum -= matrix[i * n + k] * matrix[j * n + k];
            }
            matrix[i * n + j] =
                i == j ? std::sqrt(std::max(sum, kConstantPenalty)) : sum / matrix[j * n + j];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            right[i] -= matrix[i * n + k] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) {
            right[i] -= matrix[k * n + i] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

Logistic::Logistic(std::span<const Features> no, std::span<const Features> yes)
    : mean_(no.front().size(), 0),
      scale_(mean_.size(), 0),
      weights_(mean_.size() + 1, 0),
      log_counts_(std::log(static_cast<double>(no.size()) / static_cast<double>(yes.size()))) {
    const auto each = [&](const auto& visit) {
        for (const Features& features : no) {
            visit(features, 0.0);
        }
        for (const Features& features : yes) {
            visit(features, 1.0);
        }
    };
    const auto count = static_cast<double>(no.size() + yes.size());
    each([&](const Features& features, double /*target*/) {
        for (std::size_t i = 0; i < mean_.size(); ++i) {
            mean_[i] += features[i] / count;
        }
    });
    each([&](const Features& features, double /*target*/) {
        for (std::size_t i = 0; i < mean_.size(); ++i) {
            scale_[i] += (features[i] - mean_[i]) * (features[i] - mean_[i]) / count;
        }
    });
    for (double& scale : scale_) {
        scale = scale > kLeastSpread * kLeastSpread ? std::sqrt(scale) : 1;
    }
    const std::size_t n = weights_.size();
    for (int step = 0; step < kSteps; ++step) {
        std::vector<double> curvature(n * n, 0);
        std::vector<double> slope(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            const double penalty = i == 0 ? kConstantPenalty : kPenalty;
            curvature[i * n + i] = penalty;
            slope[i] = -penalty * weights_[i];
        }
        each([&](const Features& features, double target) {
            const std::vector<double> x = standardized(features);
            const double exponent = std::clamp(dot(x, weights_), -kSteepest, kSteepest);
            const double p = 1 / (1 + std::exp(-exponent));
            for (std::size_t i = 0; i < n; ++i) {
                slope[i] += (target - p) * x[i];
                const double row = p * (1 - p) * x[i];
                for (std::size_t j = 0; j <= i; ++j) {
                    curvature[i * n + j] += row * x[j];
                }
            }
        });
        solve(curvature, slope);
        for (std::size_t i = 0; i < n; ++i) {
            weights_[i] += slope[i];
        }
    }
}

std::vector<double> Logistic::standardized(const Features& features) const {
    std::vector<double> x(features.size() + 1, 1);
    for (std::size_t i = 0; i < features.size(); ++i) {
        x[i + 1] = (features[i] - mean_[i]) / scale_[i];
    }
    return x;
}

double Logistic::log_ratio(const Features& features) const {
    return dot(standardized(features), weights_) + log_counts_;
}

}  // namespace embedmask::suspects
