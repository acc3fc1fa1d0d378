// Optimiser, schedule and sampler against the golden vectors.
#include <gtest/gtest.h>

#include "tensors.h"
#include "test_data.h"
#include "train/optimizer.h"
#include "train/sampler.h"
#include "train/schedule.h"

namespace embedmask::train {
namespace {

using nlohmann::json;
using testing::golden;

void expect_rates(const json& rows, const Config::Solver& solver) {
    for (const json& row : rows) {
        const double expected = row["lr"];
        EXPECT_NEAR(learning_rate(solver, row["iteration"]), expected, 1e-15) << row.dump();
        if (row.contains("lr_bias")) {
            EXPECT_NEAR(learning_rate(solver, row["iteration"]) * solver.bias_lr_factor,
                        row["lr_bias"].get<double>(), 1e-15);
        }
    }
}

TEST(Schedule, Golden) {
    const json vector = golden("lr_schedule");
    expect_rates(vector["schedule_1x"], preset("r50_1x").solver);
    expect_rates(vector["schedule_3x"], preset("r101_ms_3x").solver);
    Config::Solver linear = preset("r50_1x").solver;
    linear.warmup = Warmup::linear;
    expect_rates(vector["linear_warmup_1x"], linear);
    expect_rates(vector["linear_d2"], preset("table2").solver);
}

TEST(Schedule, CosineEndsNearZero) {
    Config::Solver solver;
    solver.schedule = ScheduleKind::cosine;
    solver.max_iter = 1000;
    solver.warmup_iters = 0;
    EXPECT_DOUBLE_EQ(learning_rate(solver, 1), solver.lr);
    EXPECT_NEAR(learning_rate(solver, 501), solver.lr / 2, 1e-12);
    EXPECT_LT(learning_rate(solver, 1000), solver.lr * 1e-4);
}

// A network of one convolution with two inputs, one output and a bias.
network::Graph one_convolution() {
    network::Graph graph;
    graph.nodes = {{network::Op::input, "image", {}, {}, {}},
                   {network::Op::conv2d, "conv", {0}, {"conv.weight", "conv.bias"}, {1}}};
    graph.parameters = {{"conv.weight", {1, 2, 1, 1}, {}}, {"conv.bias", {1}, {}}};
    graph.outputs = {{"y", 1}};
    return graph;
}

TEST(Optimizer, GoldenSgd) {
    const json vector = golden("sgd");
    const torch::NoGradGuard no_grad;
    Network network(one_convolution());
    network.to(torch::kFloat64);
    network.move_to(torch::kCPU);
    torch::Tensor weight = network.tensor("conv.weight");
    torch::Tensor bias = network.tensor("conv.bias");
    weight.copy_(torch::tensor({0.5, -0.25}, torch::kFloat64).view({1, 2, 1, 1}));
    bias.fill_(0.1);
    Optimizer optimizer(network, preset("r50_1x").solver);
    for (std::size_t step = 0; step < vector["steps"].size(); ++step) {
        const json& expected = vector["steps"][step];
        const double k = static_cast<double>(step) + 1;
        weight.mutable_grad() =
            torch::tensor({0.3 * k, -0.1 * k * k}, torch::kFloat64).view({1, 2, 1, 1});
        bias.mutable_grad() = torch::tensor({0.05 * k}, torch::kFloat64);
        optimizer.step(expected["iteration"]);
        testing::expect_close(weight.flatten(), testing::as_tensor(expected["weight"]), 1e-14);
        testing::expect_close(bias, testing::as_tensor(expected["bias"]), 1e-14);
        const State state = optimizer.state();
        testing::expect_close(state.at("momentum/conv.weight").flatten(),
                              testing::as_tensor(expected["momentum_weight"]), 1e-14);
    }
}

TEST(Sampler, Golden) {
    for (const json& item : golden("sampler")["cases"]) {
        std::vector<ImageSize> sizes;
        for (const json& size : item["image_hw"]) {
            sizes.push_back({size[1].get<int>(), size[0].get<int>()});
        }
        const int world = item["world"];
        for (int rank = 0; rank < world; ++rank) {
            SamplerOptions options;
            options.batch = 2;
            options.start = item["seed"];
            options.rank = rank;
            options.world = world;
            Sampler sampler(sizes, {}, options);
            for (const json& batch : item["batches_of_2"][static_cast<std::size_t>(rank)]) {
                EXPECT_EQ(sampler.next(), batch.get<std::vector<std::int64_t>>());
            }
        }
    }
}

TEST(Sampler, SkippingIsTheSameAsUsing) {
    const std::vector<ImageSize> sizes(7, ImageSize{4, 3});
    for (const bool complete : {false, true}) {
        SamplerOptions options;
        options.batch = 2;
        options.complete_only = complete;
        Sampler used(sizes, {}, options);
        Sampler skipped(sizes, {}, options);
        for (int i = 0; i < 23; ++i) {
            EXPECT_EQ(used.next().size() == 2 || !complete, true);
        }
        skipped.skip(23);
        EXPECT_EQ(used.next(), skipped.next());
    }
}

TEST(Sampler, WeightsSayHowOftenAImageAppears) {
    SamplerOptions options;
    Sampler sampler(std::vector<ImageSize>(3, ImageSize{4, 3}), {2, 0, 0.5}, options);
    std::vector<int> seen(3);
    for (int i = 0; i < 500; ++i) {
        ++seen[static_cast<std::size_t>(sampler.next()[0])];
    }
    EXPECT_EQ(seen[1], 0);
    EXPECT_NEAR(seen[0] / 500.0, 0.8, 0.05);
}

}  // namespace
}  // namespace embedmask::train
