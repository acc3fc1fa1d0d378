#include "embedmask/graph.h"

#include <gtest/gtest.h>

#include <cmath>

#include "embedmask/config.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask::network {
namespace {

// Two buffers of the detectron2 checkpoints belong to no layer and are ignored (§10.5).
bool is_ignored(const std::string& name) {
    return name == "mask_pred.sizes_of_interest" || name == "mask_pred._iter";
}

struct GoldenParameters {
    const char* file;
    const char* preset;
    int depth;
};

class Parameters : public ::testing::TestWithParam<GoldenParameters> {};

TEST_P(Parameters, NamesShapesKindsAndOrderEqualTheCheckpoints) {
    Config config = preset(GetParam().preset);
    config.backbone.depth = GetParam().depth;
    const Graph graph = embedmask(config);
    const auto golden = testing::golden(GetParam().file);
    std::size_t i = 0;
    for (const auto& entry : golden["entries"]) {
        const std::string name = entry["name"];
        if (is_ignored(name)) {
            continue;
        }
        ASSERT_LT(i, graph.parameters.size()) << name;
        const Parameter& p = graph.parameters[i++];
        EXPECT_EQ(p.name, name);
        EXPECT_EQ(p.shape, entry["shape"].get<std::vector<std::int64_t>>()) << name;
        EXPECT_EQ(p.buffer, entry["kind"] == "buffer") << name;
    }
    EXPECT_EQ(i, graph.parameters.size());
}

INSTANTIATE_TEST_SUITE_P(Golden, Parameters,
                         ::testing::Values(GoldenParameters{"params_mrcnn_r50", "g3", 50},
                                           GoldenParameters{"params_mrcnn_r101", "g3", 101},
                                           GoldenParameters{"params_table2_r50", "table2", 50},
                                           GoldenParameters{"params_table2_r101", "table2", 101}),
                         [](const auto& test) { return std::string(test.param.file); });

std::int64_t total(const Config& config) {
    return count_parameters(embedmask(config)).total;
}

TEST(ParameterCount, EqualsTheSpecification) {
    const ParameterCount r50 = count_parameters(embedmask(preset("g3")));
    EXPECT_EQ(r50.total, 34'717'264);
    EXPECT_EQ(r50.trainable, 34'494'864);
    EXPECT_EQ(r50.tensors, 144);
    EXPECT_EQ(r50.trainable_tensors, 133);
    EXPECT_EQ(r50.buffer_values, 106'240);
    const ParameterCount r101 = count_parameters(embedmask(preset("r101_ms_3x")));
    EXPECT_EQ(r101.total, 53'657'168);
    EXPECT_EQ(r101.trainable, 53'434'768);
    EXPECT_EQ(r101.buffer_values, 210'688);
    EXPECT_EQ(total(preset("table3_d8")), 34'661'944);
    EXPECT_EQ(total(preset("table3_d4")), 34'634'284);
    EXPECT_EQ(total(preset("table2")), 34'442'527);
    EXPECT_EQ(total(preset("table2_r101_3x")), 53'382'431);
    // The detector alone is what is left without the 2 473 014 parameters of the embedding heads.
    EXPECT_EQ(total(preset("fcos")), 34'717'264 - 2'473'014);
}

TEST(Macs, EqualTheSpecification) {
    const Graph r50 = embedmask(preset("g3"));
    const Graph r101 = embedmask(preset("r101_ms_3x"));
    // §1.5 prints GMAC with two decimals; the exact integers follow from its table of shapes.
    const auto gmac = [](const Graph& graph, int height, int width) {
        return std::round(static_cast<double>(count_macs(graph, height, width)) / 1e7) / 100;
    };
    EXPECT_EQ(gmac(r50, 800, 1088), 203.75);
    EXPECT_EQ(gmac(r50, 800, 1344), 251.68);
    EXPECT_EQ(gmac(r101, 800, 1088), 268.14);
    EXPECT_EQ(gmac(r101, 800, 1344), 331.23);
}

TEST(Shapes, OfThePyramidEqualTheSpecification) {
    const Graph graph = embedmask(preset("g3"));
    const auto shapes = infer_shapes(graph, 800, 1088);
    const auto shape_of = [&](const std::string& name) {
        for (const Output& output : graph.outputs) {
            if (output.name == name) {
                return shapes[output.node];
            }
        }
        throw Error("no output " + name);
    };
    EXPECT_EQ(shape_of("class_logits.P3"), (Shape{80, 100, 136}));
    EXPECT_EQ(shape_of("box.P4"), (Shape{4, 50, 68}));
    EXPECT_EQ(shape_of("centerness.P5"), (Shape{1, 25, 34}));
    EXPECT_EQ(shape_of("embedding.P6"), (Shape{16, 13, 17}));
    EXPECT_EQ(shape_of("margin.P7"), (Shape{16, 7, 9}));
    EXPECT_EQ(shape_of("pixel_embedding"), (Shape{16, 100, 136}));
}

std::map<std::string, Shape> output_shapes(const Graph& graph, std::int64_t height,
                                           std::int64_t width) {
    const std::vector<Shape> shapes = infer_shapes(graph, height, width);
    std::map<std::string, Shape> outputs;
    for (const Output& output : graph.outputs) {
        outputs[output.name] = shapes[output.node];
    }
    return outputs;
}

TEST(Nanodet, LevelsAndParametersAreThoseOfItsAuthor) {
    const Graph graph = embedmask(preset("nanodet"));
    EXPECT_EQ(count_parameters(graph).total, 1186346);
    EXPECT_EQ(graph.parameters.size(), 228U);
    std::map<std::string, Shape> outputs = output_shapes(graph, 320, 480);
    EXPECT_EQ(outputs.size(), 12U);
    EXPECT_EQ(outputs["class_logits.P3"], (Shape{80, 40, 60}));
    EXPECT_EQ(outputs["box.P5"], (Shape{4, 10, 15}));
    EXPECT_EQ(outputs["box.P6"], (Shape{4, 5, 8})) << "half of an odd map is rounded up";
    outputs = output_shapes(graph, 32, 32);
    EXPECT_EQ(outputs["box.P6"], (Shape{4, 1, 1})) << "an input of half a stride-64 cell";
}

TEST(Nanodet, BatchNormReplacesBiases) {
    Config config = preset("nanodet");
    config.nanodet.norm = NanodetNorm::bn;
    const Graph graph = embedmask(config);
    // A norm has a scale where the folded convolution has none.
    std::int64_t scales = 0;
    for (const Parameter& parameter : graph.parameters) {
        if (parameter.name.ends_with(".norm.weight")) {
            scales += parameter.shape[0];
        }
    }
    EXPECT_EQ(count_parameters(graph).total, 1186346 + scales);
}

TEST(Nano, PixelEmbeddingsHaveTheStrideOfTheConfiguration) {
    Config config = preset("nano");
    EXPECT_EQ(output_shapes(embedmask(config), 320, 480)["pixel_embedding"], (Shape{16, 80, 120}));
    config.pixel_stride = 8;
    config.mask_scale_factor = 2;
    EXPECT_EQ(output_shapes(embedmask(config), 320, 480)["pixel_embedding"], (Shape{16, 40, 60}));
    Config fcos = preset("g3");
    fcos.pixel_stride = 4;
    fcos.mask_scale_factor = 1;
    EXPECT_EQ(output_shapes(embedmask(fcos), 320, 480)["pixel_embedding"], (Shape{16, 80, 120}));
}

TEST(Graph, AFrozenDetectorTrainsTheEmbeddingHeadsOnly) {
    for (const char* name : {"g3", "table2", "nano"}) {
        Config config = preset(name);
        config.freeze_detector = true;
        for (const Parameter& parameter : embedmask(config).parameters) {
            if (parameter.buffer) {
                continue;
            }
            const bool of_heads = parameter.name.find("embed") != std::string::npos ||
                                  parameter.name.find("margin") != std::string::npos ||
                                  parameter.name.find("mask_") != std::string::npos ||
                                  parameter.name.find("hidden") != std::string::npos ||
                                  parameter.name.find("position_scale") != std::string::npos;
            EXPECT_EQ(parameter.trainable, of_heads) << name << " " << parameter.name;
        }
    }
}

TEST(Graph, EveryPresetBuildsAndEveryNodeReadsEarlierNodes) {
    for (const PresetInfo& info : presets()) {
        const Config config = preset(info.name);
        const Graph graph = embedmask(config);
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            for (const NodeId input : graph.nodes[i].inputs) {
                EXPECT_LT(static_cast<std::size_t>(input), i) << info.name;
            }
        }
        EXPECT_EQ(graph.has_output("pixel_embedding"), has_masks(config)) << info.name;
        EXPECT_EQ(graph.has_output("margin.P3"), has_masks(config) && !config.fix_margin);
        EXPECT_GT(count_macs(graph, 320, 320), 0);
    }
}

TEST(Shapes, InputThatIsNoMultipleOf32IsAnError) {
    EXPECT_THROW(infer_shapes(embedmask(preset("g3")), 100, 100), Error);
}

}  // namespace
}  // namespace embedmask::network
