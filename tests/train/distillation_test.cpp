#include "train/distillation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tensors.h"

namespace embedmask::train {
namespace {

using testing::check_gradient;
using torch::Tensor;

Tensor map(std::int64_t channels, std::int64_t seed) {
    torch::manual_seed(seed);
    return torch::randn({2, channels, 3, 4}, torch::kFloat64);
}

Outputs outputs(std::int64_t seed, bool masks = true) {
    Outputs all;
    for (int level = 0; level < 2; ++level) {
        const auto name = [&](const char* kind) { return network::output_name(kind, level); };
        all[name("class_logits")] = map(5, seed + level);
        all[name("box")] = map(4, seed + level + 10).abs();
        all[name("centerness")] = map(1, seed + level + 20);
        if (masks) {
            all[name("embedding")] = map(6, seed + level + 30);
            all[name("margin")] = map(6, seed + level + 40).exp();
        }
    }
    if (masks) {
        all["pixel_embedding"] = map(6, seed + 50);
    }
    return all;
}

Tensor sum(const Losses& losses) {
    Tensor sum = torch::zeros({}, torch::kFloat64);
    for (const auto& [name, value] : losses) {
        sum = sum + value;
    }
    return sum;
}

TEST(Distillation, AnEqualStudentHasNoLossAndNoGradient) {
    Communicator alone;
    Outputs student = outputs(1);
    for (auto& [name, value] : student) {
        value.set_requires_grad(true);
    }
    const Losses losses = distillation_losses(student, outputs(1), Config(), alone);
    ASSERT_EQ(losses.size(), 4U);
    for (const auto& [name, value] : losses) {
        EXPECT_NEAR(value.item<double>(), 0, 1e-12) << name;
    }
    losses[0].second.backward();
    EXPECT_NEAR(student["class_logits.P3"].grad().abs().max().item<double>(), 0, 1e-12);
}

TEST(Distillation, ValuesFollowTheDefinition) {
    Communicator alone;
    const Outputs student = outputs(1);
    const Outputs teacher = outputs(100);
    double weights = 0;
    double classes = 0;
    double boxes = 0;
    for (int level = 0; level < 2; ++level) {
        const auto find = [&](const Outputs& all, const char* kind) {
            return all.at(network::output_name(kind, level));
        };
        for (std::int64_t n = 0; n < 2; ++n) {
            for (std::int64_t y = 0; y < 3; ++y) {
                for (std::int64_t x = 0; x < 4; ++x) {
                    const auto at = [&](const Outputs& all, const char* kind, std::int64_t c) {
                        return find(all, kind)[n][c][y][x].item<double>();
                    };
                    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
                    double weight = 0;
                    double divergence = 0;
                    for (std::int64_t c = 0; c < 5; ++c) {
                        const double t = sigmoid(at(teacher, "class_logits", c));
                        const double s = sigmoid(at(student, "class_logits", c));
                        weight = std::max(weight, t);
                        divergence += t * std::log(t / s) + (1 - t) * std::log((1 - t) / (1 - s));
                    }
                    double distance = 0;
                    for (std::int64_t c = 0; c < 4; ++c) {
                        distance += std::fabs(at(teacher, "box", c) - at(student, "box", c)) / 4;
                    }
                    weights += weight;
                    classes += weight * divergence;
                    boxes += weight * distance;
                }
            }
        }
    }
    Config config;
    config.teacher.class_weight = 2;
    config.teacher.box_weight = 3;
    const Losses losses = distillation_losses(student, teacher, config, alone);
    EXPECT_EQ(losses[0].first, "loss_cls");
    EXPECT_NEAR(losses[0].second.item<double>(), 2 * classes / weights, 1e-10);
    EXPECT_EQ(losses[1].first, "loss_reg");
    EXPECT_NEAR(losses[1].second.item<double>(), 3 * boxes / weights, 1e-10);
}

TEST(Distillation, GradientsEqualFiniteDifferences) {
    Communicator alone;
    const Outputs teacher = outputs(100);
    for (const char* name : {"class_logits.P3", "box.P4", "embedding.P3", "margin.P4"}) {
        SCOPED_TRACE(name);
        const Outputs student = outputs(1);
        check_gradient(
            [&](const Tensor& x) {
                Outputs changed = student;
                changed[name] = x;
                return sum(distillation_losses(changed, teacher, Config(), alone));
            },
            student.at(name));
    }
}

TEST(Distillation, EmbeddingsNeedBothNetworksToHaveThem) {
    Communicator alone;
    EXPECT_EQ(distillation_losses(outputs(1), outputs(2, false), Config(), alone).size(), 3U);
    EXPECT_EQ(distillation_losses(outputs(1, false), outputs(2), Config(), alone).size(), 3U);
}

}  // namespace
}  // namespace embedmask::train
