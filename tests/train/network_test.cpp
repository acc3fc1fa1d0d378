// The network on libtorch against the engine that users run.
#include "train/network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/every_op.h"
#include "network/random_weights.h"
#include "tensors.h"
#include "train/losses.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr std::int64_t kHeight = 96;
constexpr std::int64_t kWidth = 128;

Config small(const std::string& name) {
    Config config = preset(name);
    config.num_classes = 3;
    if (config.margin_reduce_factor == 1) {
        config.margin_reduce_factor = 1e4;  // margins of random weights would overflow
    }
    return config;
}

Tensor images(std::int64_t count) {
    torch::manual_seed(5);
    return torch::randn({count, 3, kHeight, kWidth}) * 50;
}

void run(engine::Request& request, const Tensor& input) {
    const auto memory = request.input(input.size(0), input.size(2), input.size(3));
    std::copy_n(input.data_ptr<float>(), memory.size(), memory.begin());
    request.start();
    request.wait();
}

Tensor from_engine(const engine::Request& request, const std::string& name) {
    const engine::TensorView view = request.output(name);
    return torch::tensor(std::vector<float>(view.values.begin(), view.values.end()))
        .view({view.batch, view.channels, view.height, view.width});
}

class EveryPreset : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPreset, TorchGivesWhatTheEngineGives) {
    const network::Graph graph = network::embedmask(small(GetParam()));
    const Weights weights = network::random_weights(graph, 3);
    engine::Options options;
    options.precision = Precision::fp32;
    const auto engine =
        engine::make_openvino_engine(network::optimize_for_inference({graph, weights}), options);
    const auto request = engine->create_request();
    const Tensor input = images(1);
    run(*request, input);

    Network module(graph);
    module.load(weights);
    module.eval();
    const torch::NoGradGuard no_grad;
    for (const auto& [name, found] : module.forward(input)) {
        const Tensor expected = from_engine(*request, name);
        ASSERT_EQ(found.sizes(), expected.sizes()) << name;
        const double scale = expected.abs().max().item<double>();
        EXPECT_LE((found - expected).abs().max().item<double>(), 1e-4 * scale) << name;
    }
}

TEST_P(EveryPreset, ATrainingStepReachesEveryParameter) {
    Config config = small(GetParam());
    config.freeze_detector = false;
    Network module(network::embedmask(config));
    module.initialize(1);
    for (const network::Parameter& parameter : module.graph().parameters) {
        if (parameter.name.ends_with("running_var")) {
            module.tensor(parameter.name).fill_(1);
        }
    }
    Batch batch;
    batch.images = images(2);
    Tensor mask = torch::zeros({1, kHeight, kWidth}, torch::kUInt8);
    mask.slice(1, 20, 70).slice(2, 30, 90).fill_(1);
    const Instances one{torch::tensor({{30.F, 20.F, 89.F, 69.F}}), torch::full({1}, 2), mask,
                        torch::ones({1}, torch::kBool)};
    const Instances none{torch::zeros({0, 4}), torch::zeros({0}, torch::kInt64),
                         torch::zeros({0, kHeight, kWidth}, torch::kUInt8),
                         torch::zeros({0}, torch::kBool)};
    batch.instances = {one, none};
    Communicator alone;
    for (const Compute compute : {Compute::fp32, Compute::bf16}) {
        for (const auto& [name, parameter] : module.trainable()) {
            parameter.mutable_grad().reset();
        }
        const Losses losses = compute_losses(module.forward(batch.images, compute), batch, config,
                                             alone, at::detail::getDefaultCPUGenerator());
        for (const auto& [name, value] : losses) {
            EXPECT_TRUE(std::isfinite(value.item<double>())) << name;
        }
        total(losses).backward();
        for (const auto& [name, parameter] : module.trainable()) {
            ASSERT_TRUE(parameter.grad().defined()) << name;
            EXPECT_TRUE(torch::isfinite(parameter.grad()).all().item<bool>()) << name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Presets, EveryPreset,
                         ::testing::Values("g3", "table2", "table3_fixed_margin_d8",
                                           "table3_spatial_aware", "table3_spatial_free",
                                           "table3_coordconv", "fusion_semantic", "fcos", "paper",
                                           "lite", "nanodet", "nano"),
                         [](const auto& instance) { return instance.param; });

TEST(Network, EveryOpGivesWhatTheEngineGives) {
    const network::Graph graph = testing::every_op();
    const Weights weights = network::random_weights(graph, 3);
    const auto engine = engine::make_reference_engine({graph, weights});
    const auto request = engine->create_request();
    torch::manual_seed(5);
    const Tensor input = torch::randn({2, 3, 16, 24});
    run(*request, input);

    Network module(graph);
    module.load(weights);
    module.eval();
    for (const auto& [name, found] : module.forward(input)) {
        const Tensor expected = from_engine(*request, name);
        ASSERT_EQ(found.sizes(), expected.sizes()) << name;
        const double scale = expected.abs().max().item<double>();
        EXPECT_LE((found - expected).abs().max().item<double>(), 1e-5 * scale) << name;
    }
    // The gradient passes through each op.
    module.train();
    for (const auto& [name, output] : module.forward(input)) {
        for (const auto& [key, parameter] : module.trainable()) {
            parameter.mutable_grad().reset();
        }
        output.square().sum().backward({}, true);
        const Tensor gradient = module.tensor("a.weight").grad();
        ASSERT_TRUE(gradient.defined()) << name;
        EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
        EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>()) << name;
    }
}

// libtorch's bf16 kernel leaves the taps unwritten that only see padding.
TEST(Network, MapsOfOneColumnGiveWholeGradients) {
    Config config = preset("g3");
    Network module(network::embedmask(config));
    module.initialize(1);
    for (const network::Parameter& parameter : module.graph().parameters) {
        if (parameter.name.ends_with("running_var")) {
            module.tensor(parameter.name).fill_(1);
        }
    }
    const Outputs outputs = module.forward(torch::ones({1, 3, 64, 32}), Compute::bf16);
    // Freed memory that an unwritten gradient would show.
    for (int i = 0; i < 4; ++i) {
        const Tensor junk = torch::full({256, 256, 3, 3}, 1e9);
    }
    Tensor sum = torch::zeros({});
    for (const auto& [name, output] : outputs) {
        sum = sum + output.square().mean();
    }
    sum.backward();
    for (const char* name : {"p6", "p7"}) {
        const std::string weight = fmt::format("backbone.fpn.top_blocks.{}.weight", name);
        const Tensor gradient = module.tensor(weight).grad();
        EXPECT_EQ(gradient.select(3, 0).abs().max().item<double>(), 0) << name;
        EXPECT_EQ(gradient.select(3, 2).abs().max().item<double>(), 0) << name;
        EXPECT_GT(gradient.select(3, 1).abs().max().item<double>(), 0) << name;
    }
}

// A frozen batch norm keeps its statistics while training.
TEST(Network, FrozenStagesOfNanodetKeepTheirStatistics) {
    Config config = small("nanodet");
    config.nanodet.norm = NanodetNorm::bn;
    for (const std::int64_t freeze_at : {0, 1, 3, 4}) {
        SCOPED_TRACE(freeze_at);
        config.backbone.freeze_at = freeze_at;
        Network module(network::embedmask(config));
        module.initialize(1);
        for (const network::Parameter& parameter : module.graph().parameters) {
            if (parameter.name.ends_with("running_var")) {
                module.tensor(parameter.name).fill_(1);
            }
        }
        (void)module.forward(images(2));
        const auto kept = [&](const std::string& norm) {  // its initial value
            return (module.tensor(norm + ".norm.running_mean") == 0).all().item<bool>();
        };
        EXPECT_EQ(kept("backbone.conv1"), freeze_at >= 1);
        EXPECT_EQ(kept("backbone.stage2.0.branch1.dw"), freeze_at >= 2);
        EXPECT_EQ(kept("backbone.stage3.7.branch2.pw2"), freeze_at >= 3);
        EXPECT_EQ(kept("backbone.stage4.0.branch1.dw"), freeze_at >= 4);
        EXPECT_FALSE(kept("pan.reduce.0"));
        const auto trained = module.trainable();
        EXPECT_EQ(std::ranges::none_of(
                      trained,
                      [](const auto& item) { return item.first.starts_with("backbone.stage3"); }),
                  freeze_at >= 3);
    }
}

TEST(Network, BatchNormOfOneValueIsAnError) {
    Config config = small("nanodet");
    config.nanodet.norm = NanodetNorm::bn;
    Network module(network::embedmask(config));
    module.initialize(1);
    const std::string message = testing::message_of([&] {
        (void)module.forward(torch::zeros({1, 3, 32, 32}));
    });
    EXPECT_NE(message.find("one value per channel"), std::string::npos) << message;
}

TEST(Network, NamesAndOrderAreTheGraphs) {
    Network module(network::embedmask(small("g3")));
    std::vector<std::string> expected;
    for (const network::Parameter& parameter : module.graph().parameters) {
        if (!parameter.buffer) {
            expected.push_back(parameter.name);
        }
    }
    std::vector<std::string> found;
    for (const auto& item : module.named_parameters()) {
        found.push_back(item.key());
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(module.weights().size(), module.graph().parameters.size());
}

TEST(Network, InitializationFollowsTheSpecAndTheSeed) {
    Config config = small("g3");
    Network first(network::embedmask(config));
    Network second(network::embedmask(config));
    first.initialize(1);
    second.initialize(1);
    for (const network::Parameter& parameter : first.graph().parameters) {
        EXPECT_TRUE(torch::equal(first.tensor(parameter.name), second.tensor(parameter.name)));
    }
    EXPECT_NEAR(first.tensor("rpn.head.cls_logits.bias")[0].item<double>(), -4.59511985, 1e-6);
    EXPECT_NEAR(first.tensor("rpn.head.proposal_margin_pred.bias")[3].item<double>(), -1.7528073,
                1e-6);
    EXPECT_NEAR(first.tensor("rpn.head.cls_tower.0.weight").std().item<double>(), 0.01, 2e-4);
    EXPECT_EQ(first.tensor("rpn.head.scales.2.scale").item<double>(), 1);
    const auto trained = first.trainable();
    const auto frozen = std::ranges::none_of(trained, [](const auto& item) {
        return item.first.find("layer1") != std::string::npos ||
               item.first.find("stem") != std::string::npos;
    });
    EXPECT_TRUE(frozen);
}

}  // namespace
}  // namespace embedmask::train
