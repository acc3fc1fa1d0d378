#include "embedmask/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "config/assignment.h"
#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

void set(Config& config, const std::string& assignment) {
    apply_overrides(config, {&assignment, 1});
}

// The message of the Error that parsing throws, with its fix.
std::string message_of(const std::string& toml) {
    try {
        parse_config(toml, "my.toml");
    } catch (const Error& error) {
        return std::string(error.what()) + " | " + error.fix();
    }
    return "no error";
}

TEST(Config, RoundTripsThroughToml) {
    for (const PresetInfo& info : presets()) {
        const Config config = preset(info.name);
        EXPECT_EQ(parse_config(to_toml(config), "x"), config) << info.name;
    }
}

TEST(Config, ResolvedPresetFilesAreWhatThePresetsResolveTo) {
    for (const PresetInfo& info : presets()) {
        const std::string path =
            std::string(EMBEDMASK_SOURCE_DIR) + "/configs/" + info.name + ".toml";
        std::ifstream file(path);
        ASSERT_TRUE(file) << path << ": write it with `embedmask info --preset " << info.name
                          << "`";
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(parse_config(text, path), preset(info.name)) << path;
        EXPECT_EQ(read_config(path), preset(info.name)) << path;
        EXPECT_EQ(read_config(info.name), preset(info.name));
        EXPECT_TRUE(text.ends_with(to_toml(preset(info.name))))
            << path << ": write all of them anew with `make configs`";
    }
}

TEST(Config, UnknownKeyNamesFileLineKeyAndTheNearestKey) {
    EXPECT_EQ(
        message_of("embed_dim = 8\nsolver.learning = 1\n"),
        "my.toml:2: solver.learning: unknown key | did you mean \"solver.lr\"? `embedmask info "
        "--preset g3` lists all keys");
    EXPECT_EQ(
        message_of("[backbone]\ndeph = 50\n"),
        "my.toml:2: backbone.deph: unknown key | did you mean \"backbone.depth\"? `embedmask info "
        "--preset g3` lists all keys");
}

TEST(Config, SchedulesReachTheirLearningRate) {
    for (const PresetInfo& info : presets()) {
        const Config::Solver& solver = preset(info.name).solver;
        EXPECT_LE(solver.warmup_iters * 4, solver.max_iter) << info.name;
    }
}

TEST(Config, VariantsOfTheHeadsThatContradictEachOtherAreErrors) {
    const auto says = [](const char* preset_name, const char* toml, const char* problem) {
        const std::string found =
            testing::message_of([&] { (void)parse_config(toml, "my.toml", preset(preset_name)); });
        EXPECT_NE(found.find(problem), std::string::npos) << toml << ": " << found;
    };
    says("g3", "pixel_stride = 4", "mask_scale_factor: found 2: expected 1");
    says("g3", "pixel_stride = 6", "pixel_stride: found 6: expected 4 or 8");
    says("g3", "pixel_output_kernel = 2", "found 2: expected 1 or 3");
    says("g3", "mask_target = \"area\"", "every cell foreground");
    says("g3", "pixel_stride = 4\nmask_scale_factor = 1\npixel_channels = 32", "has 16 channels");
    says("lite", "fpn.channels = 100\npixel_tower = \"separable\"", "the input of the pixel head");
    says("nano", "pixel_norm = \"gn\"\ntower_groups = 64\npixel_channels = 128",
         "the input of the pixel head has 96 channels");
    says("g3", "spatial_embedding = \"relative\"", "no learned position scale");
    says("nano", "fix_margin = true", "margins that depend on the box");
    says("nano", "spatial_dims = 0", "needs embed_mode = \"add\" and spatial_dims = 2");
    says("fcos", "freeze_detector = true", "leaves nothing to train");
    says("nano", "names = \"detectron2\"", "needs detector = \"fcos\"");
    says("nano", "legacy_plus_one = true", "have no \"+1\"");
}

TEST(Config, DetectorAndItsLevelsBelongTogether) {
    const auto found = [](const char* toml) {
        return testing::message_of([&] { (void)parse_config(toml, "my.toml", preset("nanodet")); });
    };
    EXPECT_EQ(found("score_thresh = 0.1"), "no error");
    EXPECT_NE(found("detector = \"yolo\"").find("\"yolo\" is not one of fcos, nanodet"),
              std::string::npos);
    EXPECT_NE(found("strides = [8, 16, 32, 64, 128]").find("expected [8, 16, 32, 64], those of"),
              std::string::npos);
    EXPECT_NE(found("detector = \"fcos\"").find("expected [8, 16, 32, 64, 128]"),
              std::string::npos);
    EXPECT_NE(found("norm_reg_targets = false").find("\"nanodet\" predicts distances in strides"),
              std::string::npos);
    EXPECT_NE(testing::message_of([] {
                  (void)parse_config("nanodet.norm = \"bn\"", "my.toml", preset("g3"));
              }).find("needs detector = \"nanodet\""),
              std::string::npos);
}

TEST(Config, WrongTypeSaysWhatWasExpectedAndFound) {
    EXPECT_EQ(message_of("\n\nembed_dim = \"16\"\n"),
              "my.toml:3: embed_dim: expected a whole number, found a string | ");
    EXPECT_EQ(message_of("embed_dim = 1.5"),
              "my.toml:1: embed_dim: expected a whole number, found a number with a fraction | ");
    EXPECT_EQ(message_of("input.mean = 3"),
              "my.toml:1: input.mean: expected 3 elements, found 1 | ");
    EXPECT_EQ(message_of("input.mean = true"),
              "my.toml:1: input.mean: expected a list of numbers, found true or false | ");
    EXPECT_EQ(message_of("fix_margin = 1"),
              "my.toml:1: fix_margin: expected true or false, found a whole number | ");
    EXPECT_EQ(message_of("backbone = 50"),
              "my.toml:1: backbone: expected a table, found a whole number | write [backbone]");
}

TEST(Config, OneValueStandsForAListOfOne) {
    EXPECT_EQ(parse_config("input.short_train = 320", "my.toml").input.short_train,
              std::vector<std::int64_t>{320});
    EXPECT_EQ(parse_config("data.train = \"a.json\"", "my.toml").data.train,
              std::vector<std::string>{"a.json"});
}

TEST(Config, ValuesThatNoParserHasSeenFollowTheSameRules) {
    const auto problem = [](const Config& config) {
        return testing::message_of([&] { validate(config, "mine"); });
    };
    EXPECT_EQ(problem(Config()), "no error");
    Config wrong;
    wrong.score_thresh = 1.5;
    EXPECT_EQ(problem(wrong), "mine: score_thresh: found 1.5: expected 0 to 1");
    wrong = Config();
    wrong.input.mean.pop_back();
    EXPECT_EQ(problem(wrong), "mine: input.mean: expected 3 elements, found 2");
    wrong = Config();
    wrong.spatial_dims = 1;
    EXPECT_EQ(problem(wrong), "mine: spatial_dims: found 1: expected 0 or 2");
}

TEST(Config, OutOfRangeAndUnknownWords) {
    EXPECT_EQ(message_of("score_thresh = 1.5"),
              "my.toml:1: score_thresh: found 1.5: expected 0 to 1 | ");
    EXPECT_EQ(message_of("score_thresh = nan"),
              "my.toml:1: score_thresh: found nan: expected 0 to 1 | ");
    EXPECT_EQ(message_of("upsample = \"embeding\""),
              "my.toml:1: upsample: \"embeding\" is not one of embedding, probability | did you "
              "mean \"embedding\"?");
    EXPECT_NE(message_of("strides = [4, 8, 16, 32, 64]")
                  .find("strides: found [4, 8, 16, 32, 64]: expected [8, 16"),
              std::string::npos);
    EXPECT_NE(message_of("[input]\nsize_divisor = 16\n").find("multiple of 32"), std::string::npos);
    EXPECT_NE(message_of("spatial_dims = 0").find("margin_level_scale"), std::string::npos);
    EXPECT_EQ(message_of("size_split = [8, 16]"),
              "my.toml:1: size_split: expected 4 elements, found 2 | ");
}

TEST(Config, BlanksAroundTheEqualsSignMeanNothing) {
    Config config = preset("g3");
    apply_overrides(config, std::vector<std::string>{"input.range = 1", " solver.lr =0.5"});
    EXPECT_EQ(config.input.range, ValueRange::to_1);
    EXPECT_EQ(config.solver.lr, 0.5);
    const std::vector<std::string> sets{"input.range = 1"};
    EXPECT_TRUE(detail::assigns(sets, "input.range"));
    EXPECT_FALSE(detail::assigns(sets, "input"));
}

TEST(Config, DifferencesNameKeysWithBothValues) {
    Config after = preset("g3");
    set(after, "solver.lr=0.5");
    set(after, "input.short_train=[224]");
    EXPECT_EQ(
        differences(preset("g3"), after),
        (std::vector<std::string>{"input.short_train: [800] -> [224]", "solver.lr: 0.01 -> 0.5"}));
    EXPECT_TRUE(differences(after, after).empty());
}

TEST(Config, AnErrorOfSetNamesTheAssignment) {
    Config config = preset("g3");
    try {
        set(config, "solver.lr=fast");
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "--set solver.lr=fast: solver.lr: expected a number, found a string");
    }
}

TEST(Config, SyntaxErrorsAndContradictionsAreReported) {
    EXPECT_TRUE(message_of("a = [1,\n").starts_with("my.toml:"));
    EXPECT_TRUE(message_of("spatial_dims = 2\nembed_dim = 1").find("spatial_dims") !=
                std::string::npos);
    EXPECT_TRUE(message_of("use_dcn_in_tower = true").find("not supported") != std::string::npos);
}

TEST(Config, OverridesOfTheCommandLine) {
    Config config = preset("g3");
    set(config, "solver.lr=0.005");
    EXPECT_EQ(config.solver.lr, 0.005);
    set(config, "center=mask_centroid");
    EXPECT_EQ(config.center, SamplingCenter::mask_centroid);
    set(config, "input.short_train=[640, 800]");
    EXPECT_EQ(config.input.short_train.size(), 2U);
    set(config, "input.range=1");
    EXPECT_EQ(config.input.range, ValueRange::to_1);
    const std::string together[] = {"tower_channels=8", "pixel_channels=8", "tower_groups=4"};
    apply_overrides(config, together);
    EXPECT_EQ(config.tower_groups, 4) << "values are checked against each other at the end";
    EXPECT_THROW(set(config, "solver.lr"), Error);
    EXPECT_THROW(set(config, "=3"), Error);
    EXPECT_THROW(set(config, "solver.lrr=1"), Error);
    EXPECT_THROW(set(config, "max_det=1e400x"), Error);
}

TEST(Preset, UnknownNameIsAnErrorWithTheNearest) {
    try {
        preset("tabel2");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.fix(), "did you mean \"table2\"?");
    }
}

}  // namespace
}  // namespace embedmask
