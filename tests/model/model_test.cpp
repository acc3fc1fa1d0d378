#include "embedmask/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/atomic_file.h"
#include "base/file.h"
#include "embedmask/error.h"
#include "embedmask/import.h"
#include "engine/random_network.h"
#include "tensor/int8.h"
#include "tensor/safetensors.h"
#include "test_data.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;

// Small enough to write a few times.
Model small_model() {
    Model model;
    model.config = preset("lite");
    const std::string sets[] = {"num_classes=2",  "fpn.channels=8",   "tower_channels=8",
                                "tower_groups=4", "pixel_channels=8", "tower_convs=1"};
    apply_overrides(model.config, sets);
    model.categories = {{7, "cat"}, {90, "dog \"quoted\""}};
    model.weights = testing::random_network(model.graph(), 1).weights;
    model.provenance["preset"] = "lite";
    return model;
}

std::string message_of(const fs::path& path) {
    try {
        read_model(path);
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

class ModelFile : public ::testing::Test {
protected:
    testing::TemporaryFolder folder_;
    fs::path path_ = folder_.path() / "m.safetensors";
    Model model_ = small_model();

    // Writes the model after `change` has been at its container.
    template <typename Change>
    std::string message_after(Change change) {
        write_model(path_, model_, Storage::keep);
        detail::Safetensors file = detail::read_safetensors(path_);
        change(file);
        detail::write_safetensors(path_, file);
        return message_of(path_);
    }
};

TEST_F(ModelFile, RoundTripsConfigCategoriesWeightsAndProvenance) {
    for (const Storage storage : {Storage::keep, Storage::f32, Storage::f16, Storage::i8}) {
        write_model(path_, model_, storage);
        const auto bytes = detail::read_file(path_);
        const Model read = read_model(path_);
        EXPECT_EQ(read.config, model_.config);
        EXPECT_EQ(read.categories, model_.categories);
        EXPECT_EQ(read.provenance, model_.provenance);
        for (const auto& [name, tensor] : model_.weights) {
            if (name.ends_with("num_batches_tracked")) {
                continue;
            }
            const auto expected = to_floats(tensor);
            const auto found = to_floats(read.weights.at(name));
            float largest = 1e-6F;
            for (const float value : expected) {
                largest = std::max(largest, std::fabs(value));
            }
            const bool conv = tensor.shape.size() == 4;
            const double step = storage == Storage::i8 ? 0.5 / 127 : 1.0 / 2048;
            const double tolerance = conv && storage != Storage::keep && storage != Storage::f32
                                         ? largest * step * 1.01
                                         : 0;
            for (std::size_t i = 0; i < expected.size(); ++i) {
                ASSERT_NEAR(found[i], expected[i], tolerance) << name;
            }
        }
        write_model(path_, model_, storage);
        EXPECT_EQ(detail::read_file(path_), bytes) << "two equal models give two equal files";
    }
}

TEST_F(ModelFile, CutAnywhereIsAnErrorThatNamesTheFile) {
    write_model(path_, model_, Storage::f16);
    const auto bytes = detail::read_file(path_);
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 37 + 1) {
        detail::write_file_atomically(path_, {reinterpret_cast<const char*>(bytes.data()), size});
        EXPECT_NE(message_of(path_).find("m.safetensors"), std::string::npos) << size;
    }
}

TEST_F(ModelFile, MissingMetadataAndTensorsAreNamed) {
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata.clear();
              }).find("not an EmbedMask model"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata.erase("embedmask.categories");
              }).find("embedmask.categories"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata["embedmask.categories"] = "[]";
              }).find("0 categories, but the network has 2 classes"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata["embedmask.categories"] = "[{]";
              }).find("not a list of"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata["embedmask.format"] = "99";
              }).find("reads formats up to 2"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.metadata["embedmask.config"] += "x = 1\n";
              }).find("x: unknown key"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.tensors.erase("rpn.head.cls_logits.bias");
              }).find("missing: rpn.head.cls_logits.bias [2]"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.tensors["rpn.head.cls_logits.bias"] = Tensor::of_floats({1}, {1});
              }).find("rpn.head.cls_logits.bias: shape [1], expected [2]"),
              std::string::npos);
    EXPECT_NE(message_after([](detail::Safetensors& f) {
                  f.tensors["rpn.head.cls_logits.bias"] = Tensor::of_floats({1, NAN}, {2});
              }).find("rpn.head.cls_logits.bias: contains NaN or infinity"),
              std::string::npos);
}

TEST_F(ModelFile, Int8WithoutItsScalesIsAnError) {
    write_model(path_, model_, Storage::i8);
    detail::Safetensors file = detail::read_safetensors(path_);
    file.tensors.erase("rpn.head.cls_logits.weight::scale");
    detail::write_safetensors(path_, file);
    EXPECT_NE(message_of(path_).find("rpn.head.cls_logits.weight::scale"), std::string::npos);
}

class SharedBackbone : public ModelFile {
protected:
    void SetUp() override {
        write_model(path_, model_, Storage::i8);
        other_ = model_;
        for (auto& [name, tensor] : other_.weights) {
            if (name.starts_with("rpn.")) {
                tensor = doubled(tensor);
            }
        }
    }

    static Tensor doubled(const Tensor& tensor) {
        std::vector<float> values = to_floats(tensor);
        for (float& value : values) {
            value *= 2;  // I8 values stay the same, only scales change
        }
        return Tensor::of_floats(std::move(values), tensor.shape);
    }

    fs::path heads_ = folder_.path() / "heads.safetensors";
    Model other_;
};

TEST_F(SharedBackbone, IsLeftOutAndFoundAgain) {
    write_model(heads_, other_, Storage::i8, path_);
    EXPECT_LT(fs::file_size(heads_), fs::file_size(path_));
    const Model found = read_model(heads_);
    const fs::path whole = folder_.path() / "whole.safetensors";
    write_model(whole, other_, Storage::i8);
    const Model expected = read_model(whole);
    ASSERT_EQ(found.weights.size(), expected.weights.size());
    for (const auto& [name, tensor] : expected.weights) {
        EXPECT_EQ(to_floats(found.weights.at(name)), to_floats(tensor)) << name;
    }
}

TEST_F(SharedBackbone, BadBasesAreNamed) {
    const auto refused = [&](const Model& model, Storage storage, const fs::path& base) {
        return testing::message_of([&] { write_model(heads_, model, storage, base); });
    };
    EXPECT_NE(refused(other_, Storage::i8, folder_.path() / "none.safetensors").find("none"),
              std::string::npos);
    fs::create_directory(folder_.path() / "elsewhere");
    fs::copy(path_, folder_.path() / "elsewhere" / "m.safetensors");
    EXPECT_NE(refused(other_, Storage::i8, folder_.path() / "elsewhere" / "m.safetensors")
                  .find("in another folder"),
              std::string::npos);
    Model strange = other_;
    for (auto& [name, tensor] : strange.weights) {
        std::vector<float> values = to_floats(tensor);
        for (float& value : values) {
            value += 1;
        }
        tensor = Tensor::of_floats(std::move(values), tensor.shape);
    }
    EXPECT_NE(refused(strange, Storage::f32, path_).find("shares no tensor"), std::string::npos);

    write_model(heads_, other_, Storage::i8, path_);
    EXPECT_NE(testing::message_of([&] {
                  write_model(folder_.path() / "third.safetensors", model_, Storage::i8, heads_);
              }).find("already depends on a base"),
              std::string::npos);
    detail::Safetensors file = detail::read_safetensors(heads_);
    file.metadata["embedmask.base"] = "../m.safetensors";
    detail::write_safetensors(folder_.path() / "escape.safetensors", file);
    EXPECT_NE(message_of(folder_.path() / "escape.safetensors").find("not a file name"),
              std::string::npos);
    fs::remove(path_);
    EXPECT_NE(message_of(heads_).find("which is missing"), std::string::npos);
}

TEST_F(ModelFile, UnwritableFolderIsAnError) {
    EXPECT_THROW(write_model("/nonexistent-folder/m.safetensors", model_, Storage::f16), Error);
}

TEST(FindModel, UnknownNameListsTheInstalledOnes) {
    EXPECT_THROW(find_model("no-such-model"), Error);
}

// The shipped model is the first file of format 1: it must load forever.
TEST(OldModelFiles, Format1) {
    const Model model =
        read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/pedestrians.safetensors");
    EXPECT_EQ(model.categories, (std::vector<Category>{{1, "person"}}));
    EXPECT_EQ(model.config.input.short_test, 320);
    EXPECT_EQ(model.config.mask_thresh, 0.53);
}

// pedestrians-v2 is the first file of format 2: it too must load for ever, with its base beside it.
TEST(ShippedModel, AllCanBeRead) {
    int read = 0;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(fs::path(EMBEDMASK_SOURCE_DIR) / "models")) {
        if (entry.path().extension() != ".safetensors") {
            continue;
        }
        const Model model = read_model(entry.path());
        EXPECT_EQ(model.categories.size(),
                  entry.path().stem().string().starts_with("coco") ? 80U : 1U);
        EXPECT_EQ(model.categories.at(0).name, "person");
        ++read;
    }
    EXPECT_GE(read, 2);
}

TEST(Int8, QuantizesEveryChannelWithItsOwnScale) {
    const Tensor weight = Tensor::of_floats({1, -0.5, 0.25, 100, -50, 127, 0, 0, 0}, {3, 3, 1, 1});
    const detail::QuantizedWeight q = detail::quantize(weight);
    const auto scales = to_floats(q.scales);
    EXPECT_FLOAT_EQ(scales[0], 1.0F / 127);
    EXPECT_FLOAT_EQ(scales[1], 1.0F);
    EXPECT_FLOAT_EQ(scales[2], 1.0F);
    const auto back = to_floats(detail::dequantize(q.values, q.scales));
    EXPECT_FLOAT_EQ(back[0], 1.0F);
    EXPECT_NEAR(back[1], -0.5F, 0.5 / 127);
    EXPECT_FLOAT_EQ(back[5], 127);
    EXPECT_EQ(back[8], 0);
}

// Import.

Weights without_prefix(const Weights& weights, const std::string& prefix) {
    Weights renamed;
    for (const auto& [name, tensor] : weights) {
        renamed[name.substr(name.starts_with(prefix) ? prefix.size() : 0)] = tensor;
    }
    return renamed;
}

TEST(Import, AuthorsNamesWithAndWithoutModulePrefix) {
    const Model model = small_model();
    Weights prefixed;
    for (const auto& [name, tensor] : model.weights) {
        prefixed["module." + name] = tensor;
    }
    for (const Weights& tensors : {model.weights, prefixed}) {
        const Import import = import_weights(model.graph(), {{"a", tensors, {}}}, 0);
        EXPECT_TRUE(import.report.missing.empty());
        EXPECT_TRUE(import.report.unused.empty());
        EXPECT_EQ(import.report.matched.size(), model.weights.size());
    }
}

TEST(Import, TorchvisionBackboneAndLaterFilesWin) {
    const Model model = small_model();
    Weights torchvision;
    for (const auto& [name, tensor] : without_prefix(model.weights, "backbone.body.")) {
        if (name.starts_with("rpn.") || name.starts_with("backbone.fpn")) {
            continue;
        }
        torchvision[name.starts_with("stem.") ? name.substr(5) : name] = tensor;
    }
    torchvision["fc.weight"] = Tensor::of_floats({1}, {1, 1});
    const Weights other = testing::random_network(model.graph(), 2).weights;
    const Import import =
        import_weights(model.graph(), {{"all", other, {}}, {"resnet", torchvision, {}}}, 0);
    EXPECT_TRUE(import.report.missing.empty());
    EXPECT_TRUE(import.report.unused.empty()) << import.report.unused[0];
    EXPECT_TRUE(import.report.has_torchvision_statistics);
    EXPECT_EQ(to_floats(import.weights.at("backbone.body.stem.conv1.weight")),
              to_floats(model.weights.at("backbone.body.stem.conv1.weight")));
    EXPECT_EQ(to_floats(import.weights.at("rpn.head.cls_logits.weight")),
              to_floats(other.at("rpn.head.cls_logits.weight")));
}

TEST(Import, ReportsMissingUnusedAndMismatchedAndFillsStatistics) {
    Model model = small_model();
    Weights tensors = model.weights;
    tensors.erase("rpn.head.centerness.bias");
    tensors.erase("backbone.body.stem.bn1.running_mean");
    tensors.erase("backbone.body.stem.bn1.running_var");
    tensors["rpn.head.cls_logits.bias"] = Tensor::of_floats({1, 2, 3}, {3});
    tensors["strange"] = Tensor::of_floats({1}, {1});
    const Import import = import_weights(model.graph(), {{"f", tensors, {}}}, 1e-5);
    ASSERT_EQ(import.report.mismatched.size(), 1U);
    EXPECT_EQ(import.report.mismatched[0], "rpn.head.cls_logits.bias: [3] in f, expected [2]");
    ASSERT_EQ(import.report.unused.size(), 1U);
    EXPECT_EQ(import.report.unused[0], "f: strange");
    EXPECT_EQ(import.report.missing,
              (std::vector<std::string>{"rpn.head.cls_logits.bias", "rpn.head.centerness.bias"}));
    EXPECT_EQ(to_floats(import.weights.at("backbone.body.stem.bn1.running_mean"))[0], 0);
    EXPECT_FLOAT_EQ(to_floats(import.weights.at("backbone.body.stem.bn1.running_var"))[0],
                    1 - 1e-5F);
}

// The FCOS parts of a detectron2 checkpoint land in the authors' graph and the other way round.
TEST(Import, NamesOfBothWorlds) {
    Config authors = preset("fcos");
    Config detectron = authors;
    detectron.names = ParameterNames::detectron2;
    const auto from = testing::random_network(network::embedmask(detectron), 1).weights;
    const auto to = network::embedmask(authors);
    const Import import = import_weights(to, {{"d2", from, {}}}, 0);
    EXPECT_TRUE(import.report.missing.empty()) << import.report.missing[0];
    EXPECT_TRUE(import.report.unused.empty());
    const Import back =
        import_weights(network::embedmask(detectron), {{"g3", import.weights, {}}}, 0);
    EXPECT_TRUE(back.report.missing.empty());
    EXPECT_TRUE(back.report.unused.empty());
}

}  // namespace
}  // namespace embedmask
