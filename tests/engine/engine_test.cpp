#include "engine/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "embedmask/config.h"
#include "embedmask/error.h"
#include "embedmask/model.h"
#include "engine/every_op.h"
#include "engine/random_network.h"
#include "model/fold.h"
#include "network/bottleneck.h"
#include "network/fcos_heads.h"
#include "network/pixel_head.h"
#include "network/proposal_head.h"
#include "network/random_weights.h"
#include "test_data.h"

namespace embedmask::engine {
namespace {

using network::Builder;
using network::Network;
using network::NodeId;
using testing::every_op;
using testing::random_network;

std::unique_ptr<Engine> openvino(const Network& network, int threads = 2) {
    return make_openvino_engine(network, {.precision = Precision::fp32, .threads = threads});
}

std::vector<float> random_image(std::int64_t batch, std::int64_t height, std::int64_t width,
                                std::int64_t channels = 3) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::vector<float> image(static_cast<std::size_t>(batch * channels * height * width));
    for (float& value : image) {
        value = uniform(random);
    }
    return image;
}

using Outputs = std::map<std::string, std::vector<float>>;

Outputs run(Engine& engine, const network::Graph& graph, const std::vector<float>& image,
            std::int64_t batch, std::int64_t height, std::int64_t width) {
    const auto request = engine.create_request();
    const auto input = request->input(batch, height, width);
    std::copy(image.begin(), image.end(), input.begin());
    request->start();
    request->wait();
    Outputs outputs;
    for (const network::Output& output : graph.outputs) {
        if (output.training_only) {
            continue;
        }
        const TensorView view = request->output(output.name);
        outputs[output.name] = {view.values.begin(), view.values.end()};
    }
    return outputs;
}

void expect_close(const Outputs& actual, const Outputs& expected, double tolerance) {
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [name, values] : expected) {
        const auto& found = actual.at(name);
        ASSERT_EQ(found.size(), values.size()) << name;
        double largest = 1e-3;
        for (const float value : values) {
            largest = std::max(largest, std::fabs(double{value}));
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (found[i] != values[i]) {  // equal infinities have no difference
                ASSERT_NEAR(found[i], values[i], tolerance * largest) << name << " at " << i;
            }
        }
    }
}

TEST(Engines, OpenvinoAgreesWithPlainLoopsOnEveryOp) {
    for (std::uint32_t seed = 0; seed < 4; ++seed) {
        const Network network = random_network(every_op(), seed);
        const auto reference = make_reference_engine(network);
        const auto fast = openvino(network);
        for (const auto& [batch, height, width] :
             std::vector<std::array<std::int64_t, 3>>{{1, 8, 8}, {2, 16, 24}, {3, 32, 4}}) {
            const auto image = random_image(batch, height, width);
            expect_close(run(*fast, network.graph, image, batch, height, width),
                         run(*reference, network.graph, image, batch, height, width), 1e-5);
        }
    }
}

// Ops in an order, with a wiring and with sizes that the seed chooses. Every value is 8 channels at
// the input's size, so that any may follow any.
class RandomGraph {
public:
    explicit RandomGraph(std::uint32_t seed) : random_(seed) {
        values_.push_back(conv(b_.input(), 3));
    }

    network::Graph finish(int steps) {
        for (int i = 0; i < steps; ++i) {
            values_.push_back(step(any()));
        }
        b_.output("last", values_.back());
        b_.output("some", b_.multiply(any(), 0.5));  // an output is a node of its own
        return b_.finish();
    }

private:
    static constexpr std::int64_t kChannels = 8;
    static constexpr int kOps = 20;

    NodeId any() { return values_[random_() % values_.size()]; }
    std::string name() { return "p" + std::to_string(++names_); }

    NodeId conv(NodeId x, std::int64_t channels) {
        const std::string weight = name();
        b_.declare_conv(weight, channels, kChannels, random_() % 2 == 0 ? 1 : 3, random_() % 2 == 0,
                        {});
        return b_.conv(x, weight);
    }

    NodeId step(NodeId x) {
        const std::string parameter = name();
        switch (random_() % kOps) {
            case 0:
                b_.declare_group_norm(parameter, kChannels);
                return b_.group_norm(x, parameter, random_() % 2 == 0 ? 2 : 4);
            case 1:
                b_.declare_frozen_batch_norm(parameter, kChannels);
                return b_.frozen_batch_norm(x, parameter, 1e-5);
            case 2:
                b_.declare_batch_norm(parameter, kChannels);
                return b_.batch_norm(x, parameter);
            case 3:
                return b_.relu(x);
            case 4:
                return b_.exp(b_.multiply(b_.relu(b_.multiply(x, -0.1)), -1.0));  // stays below 1
            case 5:
                return b_.add(x, any());
            case 6:
                return conv(b_.concat({x, any()}), 2 * kChannels);
            case 7:
                return conv(b_.slice(x, 2, 7), 5);
            case 8:
                return conv(
                    b_.append_coordinates(x, network::Grid::centered(8), 100, random_() % 2 == 0),
                    kChannels + 2);
            case 9:
                return b_.upsample_nearest(b_.max_pool(x, 3, 2, 1), 2);
            case 10:
                return b_.resample(b_.max_pool(x, 3, 2, 1), 2);
            case 11:
                b_.declare_scale(parameter);
                return b_.learned_scale(x, parameter);
            case 12:
                b_.declare_conv(parameter, kChannels / 4, kChannels, 3, random_() % 2 == 0, {});
                return b_.conv(x, parameter, 1, 4);
            case 13:
                return b_.leaky_relu(x, 0.1);
            case 14:
                return b_.channel_shuffle(x, random_() % 2 == 0 ? 2 : 4);
            case 15:
                return b_.upsample_bilinear(b_.max_pool(x, 3, 2, 1), 2);
            case 16:
                return conv(b_.expectation(x, 2), 2);
            case 17:
                return b_.product(x, any());
            case 18:
                return b_.log(x, 0.1);
            default:
                return conv(x, kChannels);
        }
    }

    std::mt19937 random_;
    Builder b_;
    std::vector<NodeId> values_;
    int names_ = 0;
};

TEST(Engines, OpenvinoAgreesWithPlainLoopsOnRandomGraphs) {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(seed);
        const Network network = random_network(RandomGraph(seed).finish(10), seed);
        const auto image = random_image(2, 16, 8);
        const auto expected = run(*make_reference_engine(network), network.graph, image, 2, 16, 8);
        expect_close(run(*openvino(network), network.graph, image, 2, 16, 8), expected, 1e-4);
        const Network rewritten = network::optimize_for_inference(network);
        expect_close(run(*openvino(rewritten), rewritten.graph, image, 2, 16, 8), expected, 1e-4);
    }
}

TEST(Engines, Bf16NeedsUnitsForIt) {
    EXPECT_TRUE(chooses_bf16(Precision::automatic, true));
    EXPECT_FALSE(chooses_bf16(Precision::automatic, false));
    EXPECT_FALSE(chooses_bf16(Precision::fp32, true));
    EXPECT_TRUE(chooses_bf16(Precision::bf16, true));
    const std::string message =
        embedmask::testing::message_of([] { (void)chooses_bf16(Precision::bf16, false); });
    EXPECT_NE(message.find("neither AMX nor AVX512-BF16"), std::string::npos) << message;
}

TEST(Rewrites, EachEqualsTheUnrewrittenGraph) {
    const Network network = random_network(every_op(), 3);
    const auto image = random_image(2, 16, 24);
    const auto expected = run(*make_reference_engine(network), network.graph, image, 2, 16, 24);
    const auto check = [&](const char* name, const Network& rewritten) {
        SCOPED_TRACE(name);
        expect_close(run(*make_reference_engine(rewritten), rewritten.graph, image, 2, 16, 24),
                     expected, 1e-5);
        EXPECT_LE(rewritten.weights.size(), rewritten.graph.parameters.size());
    };
    check("drop_training_branches", network::drop_training_branches(network));
    const Network folded = network::fold_batch_norm(network);
    check("fold_batch_norm", folded);
    for (const network::Node& node : folded.graph.nodes) {
        EXPECT_NE(node.op, network::Op::frozen_batch_norm);
        EXPECT_NE(node.op, network::Op::batch_norm);
    }
    const Network scaled = network::fold_multiply(network);
    check("fold_multiply", scaled);
    for (const network::Node& node : scaled.graph.nodes) {
        EXPECT_NE(node.op, network::Op::multiply);
    }
    check("route_channels", network::route_channels(network));
    const Network merged = network::merge_sibling_convs(network, 64);
    check("merge_sibling_convs", merged);
    EXPECT_LT(network::count_macs(merged.graph, 32, 32) + 1,
              network::count_macs(network.graph, 32, 32) * 2);
    check("optimise_for_inference", network::optimize_for_inference(network));
}

// A small network of every preset: all ops in their real order, quick enough for plain loops.
Config small(Config config) {
    config.fpn.channels = 32;
    config.tower_channels = 32;
    config.pixel_channels = 32;
    config.tower_groups = 8;
    config.tower_convs = 1;
    config.num_classes = 3;
    config.backbone.depth = 50;
    config.backbone.frozen_bn_eps = 1e-5;
    return config;
}

TEST(Rewrites, WholeNetworkOfEveryPresetEqualsTheUnrewrittenOne) {
    for (const PresetInfo& info : presets()) {
        SCOPED_TRACE(info.name);
        const Network network = random_network(network::embedmask(small(preset(info.name))), 11);
        const Network fast = network::optimize_for_inference(network);
        const auto image = random_image(1, 64, 96);
        const auto expected = run(*openvino(network::drop_training_branches(network)),
                                  network::drop_training_branches(network).graph, image, 1, 64, 96);
        expect_close(run(*openvino(fast), fast.graph, image, 1, 64, 96), expected, 2e-3);
    }
}

bool has_op(const Network& network, network::Op op) {
    return std::ranges::any_of(network.graph.nodes,
                               [&](const network::Node& node) { return node.op == op; });
}

TEST(Rewrites, NoChannelShuffleIsLeftOfShuffleNet) {
    for (const char* name : {"nanodet", "nano"}) {
        const Network network = network::drop_training_branches(
            random_network(network::embedmask(small(preset(name))), 11));
        const Network routed = network::route_channels(network);
        EXPECT_FALSE(has_op(routed, network::Op::channel_shuffle)) << name;
        EXPECT_EQ(network::count_macs(routed.graph, 64, 64),
                  network::count_macs(network.graph, 64, 64));
    }
}

// Convolutions between random concatenations, slices and shuffles.
Network random_shuffles(std::uint32_t seed) {
    std::mt19937 random(seed);
    Builder b(3);
    int names = 0;
    const auto conv = [&](NodeId x, std::int64_t in, std::int64_t out) {
        const std::string name = fmt::format("conv{}", names++);
        b.declare_conv(name, in, out, 1, random() % 2 == 0, {});
        return b.conv(x, name);
    };
    const auto depthwise = [&](NodeId x, std::int64_t channels) {
        const std::string name = fmt::format("depthwise{}", names++);
        b.declare_conv(name, 1, channels, 3, true, {});
        return b.conv(x, name, 1, static_cast<int>(channels));
    };
    NodeId x = b.concat({conv(b.input(), 3, 6), b.leaky_relu(conv(b.input(), 3, 6), 0.1)});
    for (int i = 0; i < 4; ++i) {
        x = b.channel_shuffle(x, random() % 2 == 0 ? 2 : 3);
        const int cut = 1 + static_cast<int>(random() % 11);
        const NodeId kept = b.slice(x, 0, cut);
        NodeId changed = b.slice(x, cut, 12);
        if (random() % 2 == 0) {
            changed = depthwise(changed, 12 - cut);
        }
        changed = conv(changed, 12 - cut, 12 - cut);
        if (random() % 3 == 0) {  // read in its own order, too
            b.output(fmt::format("also{}", i), b.exp(b.multiply(changed, 0.1)));
        }
        if (random() % 3 == 0) {
            changed = b.max_pool(changed, 1, 1, 0);  // its channels cannot change places
        }
        x = b.concat({kept, random() % 2 == 0 ? b.leaky_relu(changed, 0.1) : changed});
    }
    x = b.channel_shuffle(x, 4);
    b.output("values", b.exp(conv(x, 12, 5)));
    return random_network(b.finish(), seed);
}

TEST(Rewrites, RoutesOfRandomShufflesKeepTheValues) {
    for (std::uint32_t seed = 0; seed < 30; ++seed) {
        SCOPED_TRACE(seed);
        const Network network = random_shuffles(seed);
        const Network routed = network::route_channels(network);
        EXPECT_FALSE(has_op(routed, network::Op::channel_shuffle));
        const auto image = random_image(1, 4, 6);
        expect_close(run(*make_reference_engine(routed), routed.graph, image, 1, 4, 6),
                     run(*make_reference_engine(network), network.graph, image, 1, 4, 6), 1e-5);
    }
}

// Something that has an order of its own reads the shuffled channels.
TEST(Rewrites, AShuffleThatOthersReadStays) {
    const auto stays = [](const auto& read) {
        Builder b(3);
        for (const char* name : {"first", "last"}) {
            b.declare_conv(name, name[0] == 'f' ? 3 : 4, 4, 1, true, {});
        }
        b.declare_conv("depthwise", 1, 4, 3, true, {});
        const NodeId x = b.conv(b.input(), "first");
        b.output("read", read(b, x, b.channel_shuffle(x, 2)));
        const Network network = random_network(b.finish(), 1);
        const Network routed = network::route_channels(network);
        const auto image = random_image(1, 4, 6);
        expect_close(run(*make_reference_engine(routed), routed.graph, image, 1, 4, 6),
                     run(*make_reference_engine(network), network.graph, image, 1, 4, 6), 1e-5);
        return has_op(routed, network::Op::channel_shuffle);
    };
    EXPECT_FALSE(stays([](Builder& b, NodeId, NodeId s) { return b.conv(s, "last"); }));
    EXPECT_TRUE(stays([](Builder& b, NodeId x, NodeId s) { return b.add(s, x); }));
    EXPECT_TRUE(stays([](Builder&, NodeId, NodeId s) { return s; }));
    EXPECT_TRUE(stays([](Builder& b, NodeId, NodeId s) {
        return b.conv(b.leaky_relu(b.conv(s, "depthwise", 1, 4), 0.1), "last");
    }));
    EXPECT_TRUE(stays([](Builder& b, NodeId, NodeId s) {
        const NodeId half = b.slice(s, 0, 2);
        return b.conv(b.concat({half, half}), "last");
    }));
}

TEST(Rewrites, OnlyWideWindowsWithoutActivationAreMerged) {
    const auto is_merged = [](int kernel, bool activated) {
        Builder b(3);
        for (const char* name : {"a", "b"}) {
            b.declare_conv(name, 3, 4, kernel, true, {});
        }
        b.output("a", b.conv(b.input(), "a"));
        const NodeId other = b.conv(b.input(), "b");
        b.output("b", activated ? b.leaky_relu(other, 0.1) : other);
        const Network network = random_network(b.finish(), 1);
        return has_op(network::merge_sibling_convs(network, 64), network::Op::slice);
    };
    EXPECT_TRUE(is_merged(3, false));
    EXPECT_FALSE(is_merged(3, true));
    EXPECT_FALSE(is_merged(1, false));
}

// Golden vectors: the residual block and the complete heads on given features. Their inputs are not
// images, so the tests build the same modules around an input of as many channels.
Network golden_network(network::Graph graph, const nlohmann::json& parameters, double amplitude,
                       double frequency, double phase, double phase_step,
                       const std::string& prefix) {
    Network network{std::move(graph), {}};
    for (const auto& entry : parameters) {
        const auto shape = entry["shape"].get<std::vector<std::int64_t>>();
        const double k = entry["k"];
        network.weights[prefix + entry["name"].get<std::string>()] =
            Tensor::of_floats(testing::sine(testing::elements(shape), entry["offset"], amplitude,
                                            frequency, phase + phase_step * k),
                              shape);
    }
    return network;
}

void flatten(const nlohmann::json& value, std::vector<float>* out) {
    if (value.is_array()) {
        for (const auto& element : value) {
            flatten(element, out);
        }
    } else {
        out->push_back(value.get<float>());
    }
}

std::vector<float> flat(const nlohmann::json& value) {
    std::vector<float> out;
    flatten(value, &out);
    return out;
}

TEST(Golden, ResidualBlock) {
    const auto golden = testing::golden("residual_block");
    network::Bottleneck block;
    for (int i = 0; i < 3; ++i) {
        block.conv[i] = "conv" + std::to_string(i + 1);
        block.norm[i] = "bn" + std::to_string(i + 1);
    }
    block.shortcut = "downsample.0";
    block.shortcut_norm = "downsample.1";
    block.in = 8;
    block.width = 4;
    block.stride = 2;
    Builder b(8);
    block.declare(b);
    b.output("y", block.forward(b, b.input(), preset("g3").backbone));
    const Network network =
        golden_network(b.finish(), golden["parameters"], 0.3, 0.11, 0.2, 0.31, "");
    const auto image = testing::sine(8 * 5 * 6, 0, 1, 0.19, 0.1);
    const Outputs expected{{"y", flat(golden["output"])}};
    expect_close(run(*make_reference_engine(network), network.graph, image, 1, 5, 6), expected,
                 1e-5);
    expect_close(run(*openvino(network), network.graph, image, 1, 5, 6), expected, 1e-4);
    const Network folded = network::fold_batch_norm(network);
    expect_close(run(*openvino(folded), folded.graph, image, 1, 5, 6), expected, 1e-4);
}

TEST(Rewrites, FoldedNormsOfADetectorGiveTheSame) {
    for (const char* name : {"nanodet", "nano"}) {
        SCOPED_TRACE(name);
        Model model;
        model.config = preset(name);
        model.config.nanodet.norm = NanodetNorm::bn;
        model.config.margin_reduce_factor = 1e4;  // margins of random weights would overflow
        model.weights = network::random_weights(model.graph(), 5);
        const Model folded = detail::with_folded_norms(model);
        EXPECT_EQ(folded.config.nanodet.norm, NanodetNorm::folded);
        EXPECT_EQ(folded.config.pixel_norm, model.config.pixel_norm);
        check_weights(folded.graph(), folded.weights, name);
        const auto image = random_image(1, 64, 96);
        expect_close(
            run(*openvino({folded.graph(), folded.weights}), folded.graph(), image, 1, 64, 96),
            run(*openvino({model.graph(), model.weights}), model.graph(), image, 1, 64, 96), 1e-4);
        EXPECT_EQ(detail::with_folded_norms(folded).weights.size(), folded.weights.size());
    }
}

TEST(Golden, CompleteHeads) {
    const auto golden = testing::golden("head_forward");
    Config config = preset("g3");
    config.fpn.channels = config.tower_channels = config.pixel_channels = 64;
    config.tower_convs = 2;
    config.num_classes = 3;
    config.embed_dim = 4;
    const network::FcosHeads detector(config);
    for (int level = 0; level < 5; ++level) {
        SCOPED_TRACE(level);
        Builder b(64);
        detector.declare(b);
        network::DetectorFeatures features = network::features_of(config);
        features.pyramid_channels = features.tower_channels = 64;
        network::DetectorLevel& own = features.levels[static_cast<std::size_t>(level)];
        own.pyramid = b.input();
        const network::ProposalHead proposal(config, features);
        const network::PixelHead pixel(config, features);
        proposal.declare(b);
        pixel.declare_branch(b);
        pixel.declare_outputs(b);
        detector.forward(b, own, level);
        proposal.forward(b, level);
        if (level == 0) {
            pixel.forward(b);
        }
        const Network network =
            golden_network(b.finish(), golden["parameters"], 0.05, 0.013, 0.5, 0.37, "rpn.head.");
        const std::int64_t height = golden["level_hw"][level][0];
        const std::int64_t width = golden["level_hw"][level][1];
        const auto image = testing::sine(64 * height * width, 0, 1, 0.021, 0.3 * level);
        const auto& outputs = golden["outputs"];
        const std::string p = ".P" + std::to_string(level + 3);
        Outputs expected{{"class_logits" + p, flat(outputs["cls"][level])},
                         {"box" + p, flat(outputs["box_train"][level])},
                         {"centerness" + p, flat(outputs["ctr"][level])},
                         {"embedding" + p, flat(outputs["embed"][level])},
                         {"margin" + p, flat(outputs["margin"][level])}};
        if (level == 0) {
            expected["pixel_embedding"] = flat(outputs["pixel"]);
        }
        const Network fast = network::optimize_for_inference(network);
        expect_close(run(*make_reference_engine(fast), fast.graph, image, 1, height, width),
                     expected, 1e-4);
        expect_close(run(*openvino(fast), fast.graph, image, 1, height, width), expected, 1e-4);
    }
}

TEST(Openvino, OneAndTwoThreadsAndTwoRequestsAgree) {
    const Network network =
        network::optimize_for_inference(random_network(network::embedmask(small(preset("g3"))), 5));
    const auto image = random_image(1, 64, 64);
    const auto two = openvino(network, 2);
    const Outputs expected = run(*two, network.graph, image, 1, 64, 64);
    expect_close(run(*openvino(network, 1), network.graph, image, 1, 64, 64), expected, 1e-4);
    EXPECT_EQ(run(*two, network.graph, image, 1, 64, 64), expected) << "the same bits every time";
    const auto a = two->create_request();
    const auto b = two->create_request();
    for (Request* request : {a.get(), b.get()}) {
        const auto input = request->input(1, 64, 64);
        std::copy(image.begin(), image.end(), input.begin());
        request->start();
    }
    for (Request* request : {a.get(), b.get()}) {
        request->wait();
        const auto values = request->output("pixel_embedding").values;
        EXPECT_EQ(std::vector<float>(values.begin(), values.end()), expected.at("pixel_embedding"));
    }
}

TEST(Openvino, AKeptNetworkIsTakenAgainAndADamagedOneReplaced) {
    namespace fs = std::filesystem;
    const testing::TemporaryFolder folder;
    const Network network = random_network(every_op(), 11);
    const auto image = random_image(1, 64, 64);
    const Options options{.precision = Precision::fp32, .threads = 2, .cache = folder.path()};
    const auto outputs = [&](const Network& which) {
        const auto engine = make_inference_engine(which, options);
        return run(*engine, which.graph, image, 1, 64, 64);
    };
    const auto files = [&] {
        return std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
    };
    const Outputs first = outputs(network);
    ASSERT_EQ(files(), 1);
    const fs::path file = fs::directory_iterator(folder.path())->path();
    const auto written = fs::last_write_time(file);
    EXPECT_EQ(outputs(network), first);
    EXPECT_EQ(fs::last_write_time(file), written);

    // Other weights are another network.
    EXPECT_NE(outputs(random_network(every_op(), 12)), first);
    EXPECT_EQ(files(), 2);

    fs::resize_file(file, 100);
    EXPECT_EQ(outputs(network), first);
    EXPECT_GT(fs::file_size(file), 100U);
}

TEST(Openvino, UnknownOutputIsAnError) {
    const Network network = random_network(every_op(), 1);
    const auto request = openvino(network)->create_request();
    EXPECT_THROW((void)request->output("no such output"), Error);
}

}  // namespace
}  // namespace embedmask::engine
