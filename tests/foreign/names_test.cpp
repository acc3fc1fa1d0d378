// Names and generations of other programs' weights.
#include "foreign/names.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "embedmask/import.h"
#include "engine/random_network.h"
#include "foreign/caffe2_names.h"
#include "foreign/generation.h"
#include "test_data.h"

namespace embedmask {
namespace {

// Tensors of the right shapes that share one block of zeros, so that ResNet-101 costs nothing.
class Blank {
public:
    Tensor of(const std::vector<std::int64_t>& shape) {
        Tensor tensor = zeros_;
        tensor.shape = shape;
        tensor.bytes = zeros_.bytes.first(static_cast<std::size_t>(tensor.size()) * 4);
        return tensor;
    }

private:
    Tensor zeros_ = Tensor::of_floats(std::vector<float>(2048 * 512 * 9), {2048 * 512 * 9});
};

TEST(Caffe2Names, EveryBlobOfBothFilesFindsItsPlace) {
    for (const auto& [file, depth] :
         {std::pair{"c2_names_r50", 50}, std::pair{"c2_names_r101", 101}}) {
        const auto golden = testing::golden(file);
        Blank blank;
        ForeignWeights weights{"R.pkl", {}, {}};
        for (const auto& entry : golden["entries"]) {
            const std::string source = entry["source"];
            EXPECT_EQ(foreign::from_caffe2(source), entry["target"].get<std::string>());
            EXPECT_FALSE(foreign::is_caffe2_conv_bias(source));
            weights.tensors[source] = blank.of(entry["shape"].get<std::vector<std::int64_t>>());
        }
        EXPECT_EQ(weights.tensors.size(), golden["count"].get<std::size_t>());
        for (const char* ignored :
             {"conv1_b", "fc1000_w", "fc1000_b", "pred_w", "pred_b", "res2_0_branch2a_b",
              "conv1_w_momentum", "res2_0_branch2a_w_momentum", "weight_order"}) {
            EXPECT_EQ(foreign::from_caffe2(ignored), std::nullopt) << ignored;
            weights.tensors[ignored] = blank.of({64});
        }
        Config config = preset("g3");
        config.backbone.depth = depth;
        const network::Graph graph = network::embedmask(config);
        const Import import = import_weights(graph, {weights}, 0);
        EXPECT_TRUE(import.report.unused.empty());
        EXPECT_TRUE(import.report.mismatched.empty());
        EXPECT_TRUE(import.report.warnings.empty());
        EXPECT_EQ(import.report.matched.size(), golden["count"].get<std::size_t>());
        for (const std::string& missing : import.report.missing) {
            EXPECT_FALSE(missing.starts_with("backbone.body.")) << missing;
        }
        EXPECT_EQ(to_floats(import.weights.at("backbone.body.stem.bn1.running_var"))[0], 1);
    }
}

TEST(Caffe2Names, BiasesThatAreNotZeroAreReported) {
    ForeignWeights weights{"R.pkl", {}, {}};
    Blank blank;
    weights.tensors["conv1_w"] = blank.of({64, 3, 7, 7});
    weights.tensors["res_conv1_bn_s"] = blank.of({64});
    weights.tensors["conv1_b"] = Tensor::of_floats({0, 0.5F}, {2});
    weights.tensors["res2_0_branch2b_b"] =
        Tensor::of_bytes(DType::i64, std::vector<std::byte>(8), {1});
    weights.tensors["res2_0_branch2c_b"] = Tensor::of_floats({0, 0}, {2});
    const Import import = import_weights(network::embedmask(preset("g3")), {weights}, 0);
    ASSERT_EQ(import.report.warnings.size(), 1U);
    EXPECT_NE(import.report.warnings[0].find("1 convolution biases are non-zero"),
              std::string::npos);
}

struct Checkpoint {
    const char* golden;
    const char* preset;
    foreign::Generation generation;
};

class Generations : public ::testing::TestWithParam<Checkpoint> {};

TEST_P(Generations, CheckpointsAreRecognizedAndEveryTensorFindsItsPlace) {
    Blank blank;
    ForeignWeights weights{"c.pth", {}, {}};
    const auto golden = testing::golden(GetParam().golden);
    for (const auto& entry : golden["entries"]) {
        weights.tensors["module." + entry["name"].get<std::string>()] =
            blank.of(entry["shape"].get<std::vector<std::int64_t>>());
    }
    const foreign::Recognized recognized = foreign::recognize_generation(weights);
    EXPECT_EQ(recognized.generation, GetParam().generation);
    EXPECT_EQ(recognized.embed_dim, 16);
    EXPECT_FALSE(recognized.conv3);
    const Config config = preset(GetParam().preset);
    foreign::check_generation(recognized, config, "c.pth");
    const Import import = import_weights(network::embedmask(config), {weights}, 0);
    EXPECT_TRUE(import.report.missing.empty()) << import.report.missing[0];
    EXPECT_TRUE(import.report.unused.empty()) << import.report.unused[0];
    EXPECT_TRUE(import.report.mismatched.empty()) << import.report.mismatched[0];
    const char* other = recognized.generation == foreign::Generation::t2 ? "g3" : "table2";
    EXPECT_THROW(foreign::check_generation(recognized, preset(other), "c.pth"), Error);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, Generations,
    ::testing::Values(Checkpoint{"params_mrcnn_r50", "g3", foreign::Generation::g3},
                      Checkpoint{"params_mrcnn_r101", "r101_ms_3x", foreign::Generation::g3},
                      Checkpoint{"params_table2_r50", "table2", foreign::Generation::t2},
                      Checkpoint{"params_table2_r101", "table2_r101_3x", foreign::Generation::t2}),
    [](const auto& test) { return std::string(test.param.golden); });

// May 2020: D = 8, one margin channel, no κ_l.
ForeignWeights g2_weights(const Config& config) {
    ForeignWeights weights{
        "g2.pth", testing::random_network(network::embedmask(config), 3).weights, {}};
    for (int level = 0; level < 5; ++level) {
        weights.tensors.erase("rpn.head.margin_scales." + std::to_string(level) + ".scale");
    }
    Tensor& weight = weights.tensors.at("rpn.head.proposal_margin_pred.weight");
    weight.shape[0] = 1;
    weight.bytes = weight.bytes.first(weight.bytes.size() / 8);
    weights.tensors["rpn.head.proposal_margin_pred.bias"] = Tensor::of_floats({-1.5F}, {1});
    return weights;
}

TEST(Generations, G2RunsAsG3WithItsMarginRepeated) {
    Config config = preset("lite");
    const std::string sets[] = {"embed_dim=8",      "num_classes=2",  "fpn.channels=8",
                                "tower_channels=8", "tower_groups=4", "pixel_channels=8",
                                "tower_convs=1"};
    apply_overrides(config, sets);
    const ForeignWeights g2 = g2_weights(config);
    const foreign::Recognized recognized = foreign::recognize_generation(g2);
    EXPECT_EQ(recognized.generation, foreign::Generation::g2);
    EXPECT_EQ(recognized.embed_dim, 8);
    const Import import = import_weights(network::embedmask(config), {g2}, 0);
    EXPECT_TRUE(import.report.missing.empty());
    EXPECT_TRUE(import.report.unused.empty());
    EXPECT_EQ(to_floats(import.weights.at("rpn.head.proposal_margin_pred.bias")),
              std::vector<float>(8, -1.5F));
    const auto one = to_floats(g2.tensors.at("rpn.head.proposal_margin_pred.weight"));
    const auto all = to_floats(import.weights.at("rpn.head.proposal_margin_pred.weight"));
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(all[i], one[i % one.size()]);
    }
    EXPECT_EQ(to_floats(import.weights.at("rpn.head.margin_scales.4.scale")),
              std::vector<float>{1});
}

TEST(Generations, G1IsRefusedAndPlainDetectorsAreUnknown) {
    Blank blank;
    ForeignWeights g1{"g1.pth", {}, {}};
    g1.tensors["rpn.head.proposal_embed_pred.weight"] = blank.of({32, 256, 3, 3});
    g1.tensors["rpn.head.proposal_margin_pred.weight"] = blank.of({1, 4, 1, 1});
    const foreign::Recognized recognized = foreign::recognize_generation(g1);
    EXPECT_EQ(recognized.generation, foreign::Generation::g1);
    EXPECT_EQ(recognized.embed_dim, 32);
    EXPECT_THROW(foreign::check_generation(recognized, preset("g3"), "g1.pth"), Error);

    ForeignWeights conv3{"t2.pth", {}, {}};
    conv3.tensors["mask_branch.refine.0.0.weight"] = blank.of({128, 256, 3, 3});
    conv3.tensors["proposal_head.embed_head.free_embed_head.weight"] = blank.of({6, 256, 3, 3});
    EXPECT_TRUE(foreign::recognize_generation(conv3).conv3);
    EXPECT_EQ(foreign::recognize_generation(conv3).embed_dim, 8);

    ForeignWeights fcos{"fcos.pth", {}, {}};
    fcos.tensors["rpn.head.cls_logits.weight"] = blank.of({80, 256, 3, 3});
    EXPECT_EQ(foreign::recognize_generation(fcos).generation, foreign::Generation::unknown);
    foreign::check_generation(foreign::recognize_generation(fcos), preset("g3"), "fcos.pth");
}

TEST(ForeignNames, BackboneOfDetectron2AloneAndPrefixedTorchvision) {
    EXPECT_EQ(foreign::from_detectron2("backbone.bottom_up.res3.1.conv2.norm.bias"),
              "backbone.body.layer2.1.bn2.bias");
    Blank blank;
    std::vector<std::string> warnings;
    Weights bare;
    bare["stem.conv1.norm.weight"] = blank.of({64});
    bare["res2.0.shortcut.weight"] = blank.of({256, 64, 1, 1});
    const Weights named = foreign::with_canonical_names(bare, "R.pkl", &warnings);
    EXPECT_TRUE(named.contains("backbone.body.stem.bn1.weight"));
    EXPECT_TRUE(named.contains("backbone.body.layer1.0.downsample.0.weight"));
    Weights torchvision;
    for (const char* name : {"conv1.weight", "bn1.running_var", "layer1.0.conv1.weight"}) {
        torchvision["module." + std::string(name)] = blank.of({1});
    }
    EXPECT_TRUE(foreign::has_torchvision_statistics(torchvision));
    EXPECT_TRUE(foreign::with_canonical_names(torchvision, "r", &warnings)
                    .contains("backbone.body.stem.bn1.running_var"));
}

TEST(Import, WholeNumbersAreNoWeights) {
    const Config config = preset("lite");
    ForeignWeights weights{"w", {}, {}};
    weights.tensors["rpn.head.cls_logits.bias"] =
        Tensor::of_bytes(DType::i64, std::vector<std::byte>(8 * 80), {80});
    const Import import = import_weights(network::embedmask(config), {weights}, 0);
    ASSERT_EQ(import.report.mismatched.size(), 1U);
    EXPECT_NE(import.report.mismatched[0].find("I64 in w, expected F32"), std::string::npos);
}

}  // namespace
}  // namespace embedmask
