// Golden vectors as tensors.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace embedmask::testing {

/// A nested list of numbers as a float64 tensor.
inline torch::Tensor as_tensor(const nlohmann::json& list) {
    std::vector<std::int64_t> shape;
    for (const nlohmann::json* level = &list; level->is_array(); level = &level->front()) {
        shape.push_back(static_cast<std::int64_t>(level->size()));
        if (level->empty()) {
            break;
        }
    }
    std::vector<double> values;
    const auto collect = [&](const auto& self, const nlohmann::json& item) -> void {
        if (item.is_array()) {
            for (const auto& child : item) {
                self(self, child);
            }
        } else {
            values.push_back(item.is_boolean() ? static_cast<double>(item.get<bool>())
                                               : item.get<double>());
        }
    };
    collect(collect, list);
    return torch::tensor(values, torch::kFloat64).reshape(shape);
}

/// Fails unless |found − expected| ≤ tolerance·max(1, |expected|) everywhere.
inline void expect_close(const torch::Tensor& found, const torch::Tensor& expected,
                         double tolerance, const std::string& what = "") {
    ASSERT_EQ(found.sizes(), expected.sizes()) << what;
    if (found.numel() == 0) {
        return;
    }
    const torch::Tensor scale = expected.to(torch::kFloat64).abs().clamp_min(1);
    const double error = ((found.to(torch::kFloat64) - expected.to(torch::kFloat64)).abs() / scale)
                             .max()
                             .item<double>();
    EXPECT_LE(error, tolerance) << what;
}

/// Compares the gradient of `function` at `at` with central differences.
template <typename Function>
void check_gradient(Function function, const torch::Tensor& at, double tolerance = 1e-6) {
    constexpr double kStep = 1e-6;
    torch::Tensor x = at.detach().clone().set_requires_grad(true);
    function(x).backward();
    const torch::Tensor gradient = x.grad().flatten();
    const torch::NoGradGuard no_grad;
    torch::Tensor values = at.detach().clone();
    torch::Tensor flat = values.view({-1});
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
        const double middle = flat[i].item<double>();
        flat[i] = middle + kStep;
        const double above = function(values).template item<double>();
        flat[i] = middle - kStep;
        const double below = function(values).template item<double>();
        flat[i] = middle;
        const double expected = (above - below) / (2 * kStep);
        EXPECT_NEAR(gradient[i].item<double>(), expected,
                    tolerance * std::max(1.0, std::abs(expected)))
            << "element " << i;
    }
}

}  // namespace embedmask::testing
