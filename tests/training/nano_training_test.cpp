// embedmask train with the detector NanoDet-Plus.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "embedmask/model.h"
#include "tensor/safetensors.h"
#include "toy_data.h"

namespace embedmask::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Seconds of training, from scratch.
const std::string kNano =
    " --set nanodet.norm=bn --set input.short_train=[96] --set input.short_test=96 --set "
    "solver.batch=3 --set solver.lr=0.003 --set solver.warmup_iters=5 --set log_period=1 --set "
    "workers=2 --precision fp32 ";

class NanoTraining : public ::testing::Test {
protected:
    void SetUp() override { write_toy_data(folder_.path()); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    [[nodiscard]] std::string data() const {
        return " --data " + path("data.json") + " --images " + path("images");
    }

    [[nodiscard]] json stats(const std::string& model) const {
        const Ran ran =
            run("eval " + model + data() + " --precision fp32 --json " + path("report.json"));
        EXPECT_EQ(ran.code, 0) << ran.talk;
        return read_json(path("report.json"))["stats"];
    }

    TemporaryFolder folder_;
};

TEST_F(NanoTraining, LearnsBoxesAndMasksFromScratchAndConvertFoldsItsNorms) {
    const Ran trained = run("train nano --out " + path("run") + data() + kNano +
                            "--set freeze_detector=false --set solver.max_iter=160");
    ASSERT_EQ(trained.code, 0) << trained.talk;
    const std::string model = path("run/last.safetensors");
    const json before = stats(model);
    EXPECT_GT(before["bbox"][1].get<double>(), 0.9) << before;
    EXPECT_GT(before["segm"][1].get<double>(), 0.9) << before;

    const Ran converted = run("convert " + model + " --store f32 --out " + path("folded"));
    ASSERT_EQ(converted.code, 0) << converted.talk;
    EXPECT_TRUE(has(converted.out, "batch norm is folded")) << converted.out;
    const Model folded = read_model(path("folded"));
    EXPECT_EQ(folded.config.nanodet.norm, NanodetNorm::folded);
    const json after = stats(path("folded"));
    for (const char* kind : {"bbox", "segm"}) {
        EXPECT_NEAR(after[kind][0].get<double>(), before[kind][0].get<double>(), 1e-3) << kind;
    }
    // A student learns the same from the model instead of the labels.
    json unlabeled = read_json(path("data.json"));
    unlabeled["annotations"] = json::array();
    detail::write_file_atomically(path("unlabeled.json"), unlabeled.dump());
    const Ran taught = run("train nanodet --teacher " + path("folded") + " --data " +
                           path("unlabeled.json") + " --images " + path("images") + " --out " +
                           path("student") + kNano + "--set solver.max_iter=160");
    ASSERT_EQ(taught.code, 0) << taught.talk;
    const json student = stats(path("student/last.safetensors"));
    EXPECT_GT(student["bbox"][1].get<double>(), 0.8) << student;

    const auto norm_of = [&](const std::string& arguments) {
        const Ran ran = run("convert " + model + arguments + " --out " + path("again"));
        EXPECT_EQ(ran.code, 0) << arguments << ran.talk;
        return read_model(path("again")).config.nanodet.norm;
    };
    EXPECT_EQ(norm_of(" --set nanodet.norm=bn"), NanodetNorm::bn);
    EXPECT_EQ(norm_of(" --set nanodet.norm=folded"), NanodetNorm::folded);
    EXPECT_EQ(norm_of(" --preset nano --categories disc,blob"), NanodetNorm::folded);
    const Ran unfolded =
        run("convert " + path("folded") + " --set nanodet.norm=bn --out " + path("again"));
    EXPECT_EQ(unfolded.code, 1);
    EXPECT_TRUE(has(unfolded.talk, "cannot be separated again")) << unfolded.talk;
}

TEST_F(NanoTraining, AFrozenDetectorIsKeptBitForBit) {
    ASSERT_EQ(run("train nanodet --out " + path("detector") + data() +
                  " --set input.short_train=[96] --set solver.batch=3 --set solver.max_iter=2 "
                  "--set workers=1")
                  .code,
              0);
    const std::string weights = path("detector/last.safetensors");
    const Ran trained = run("train nano --out " + path("heads") + data() + " --weights " + weights +
                            " --set input.short_train=[96] --set solver.batch=3 --set "
                            "solver.max_iter=2 --set workers=1");
    ASSERT_EQ(trained.code, 0) << trained.talk;
    EXPECT_TRUE(has(trained.talk, "NanoDet-Plus-m, 2 classes, D = 16")) << trained.out;
    EXPECT_TRUE(has(trained.talk, "frozen detector")) << trained.out;
    const Ran separated = run("train nano --out " + path("bn") + data() + " --weights " + weights +
                              " --set nanodet.norm=bn --set solver.batch=3");
    EXPECT_EQ(separated.code, 1);
    EXPECT_TRUE(has(separated.talk, "--set nanodet.norm=folded")) << separated.talk;
    const Ran renewed = run("train nano --out " + path("new") + data() + " --weights " + weights +
                            " --new-classes --set solver.batch=3");
    EXPECT_EQ(renewed.code, 1);
    EXPECT_TRUE(has(renewed.talk, "choose the preset finetune_nano")) << renewed.talk;
    EXPECT_FALSE(fs::exists(path("new"))) << "nothing is written before the options are checked";
    const Ran other = run("train lite --out " + path("lite") + data() + " --weights " + weights +
                          " --set solver.batch=3");
    EXPECT_EQ(other.code, 1);
    EXPECT_TRUE(has(other.talk, "expects a ResNet backbone")) << other.talk;
    const Model detector = read_model(weights);
    const Model both = read_model(path("heads/last.safetensors"));
    for (const auto& [name, tensor] : detector.weights) {
        EXPECT_TRUE(std::ranges::equal(tensor.bytes, both.weights.at(name).bytes)) << name;
    }
}

// Fine-tuning starts with everything but the classes of the detector's author.
TEST_F(NanoTraining, NewClassesKeepTheBoxesOfTheDetector) {
    if (shared_data().empty()) {
        GTEST_SKIP() << kNoSharedData;
    }
    const std::string weights =
        " --weights " + (shared_data() / "nanodet-plus-m-416-coco.safetensors").string();
    const std::string start = "train finetune_nano --out " + path("run") + data() + weights +
                              " --set input.short_train=[96] --set solver.batch=3 --set "
                              "solver.max_iter=1 --set solver.lr=0 --set solver.ema=0 --set "
                              "workers=1";
    const Ran refused = run(start);
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(has(refused.talk, "different number of classes")) << refused.talk;
    const Ran trained = run(start + " --new-classes");
    ASSERT_EQ(trained.code, 0) << trained.talk;
    const Model model = read_model(path("run/last.safetensors"));
    EXPECT_EQ(model.weights.at("head.0.cls_logits.weight").shape[0], 2);
    const detail::Safetensors author =
        detail::read_safetensors(shared_data() / "nanodet-plus-m-416-coco.safetensors");
    const std::vector<float> whole = to_floats(author.tensors.at("head.2.pred.weight"));
    const std::vector<float> bins = to_floats(model.weights.at("head.2.box_bins.weight"));
    EXPECT_TRUE(std::equal(bins.begin(), bins.end(), whole.end() - std::ssize(bins)));
}

TEST_F(NanoTraining, WithoutArgumentsItStartsFromTheInstalledModel) {
    ToyOptions options;
    options.categories = {"Person", "widget"};
    write_toy_data(folder_.path(), options);
    const std::string start =
        "train --out " + path("run") + data() +
        " --set input.short_train=[96] --set solver.batch=3 --set solver.lr=0 --set solver.ema=0 "
        "--set workers=1 --set checkpoint_period=1 --set solver.max_iter=";
    const Ran trained = run(start + "1");
    ASSERT_EQ(trained.code, 0) << trained.talk;
    EXPECT_TRUE(has(trained.talk,
                    "1 of 2 known to the weights: \"Person\" (from \"person\"); "
                    "new: \"widget\""))
        << trained.talk;
    const Model before =
        read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/coco-nano.safetensors");
    const auto expect_kept = [&] {
        const Model after = read_model(path("run/last.safetensors"));
        for (const char* name : {"head.0.cls_logits.weight", "head.3.cls_logits.bias"}) {
            const std::vector<float> all = to_floats(before.weights.at(name));
            const std::vector<float> both = to_floats(after.weights.at(name));
            EXPECT_TRUE(std::equal(both.begin(), both.begin() + std::ssize(both) / 2, all.begin()))
                << name;
        }
        EXPECT_EQ(to_floats(after.weights.at("head.1.box_bins.weight")),
                  to_floats(before.weights.at("head.1.box_bins.weight")));
        EXPECT_EQ(after.provenance.at("attribution"), before.provenance.at("attribution"));
        EXPECT_TRUE(
            after.provenance.at("started from").starts_with(before.provenance.at("trained with")));
        EXPECT_FALSE(after.provenance.contains("teacher"));
    };
    expect_kept();
    fs::remove(path("run/last.safetensors"));
    const Ran resumed = run(start + "2 --resume");
    ASSERT_EQ(resumed.code, 0) << resumed.talk;
    expect_kept();

    const Ran nowhere = run("train --out " + path("other") + data() +
                            " --set solver.batch=2 --set start_model=coco-nanno");
    EXPECT_EQ(nowhere.code, 1);
    EXPECT_TRUE(has(nowhere.talk, "start_model: coco-nanno")) << nowhere.talk;
    EXPECT_TRUE(has(nowhere.talk, "pass --weights FILE")) << nowhere.talk;
}

TEST_F(NanoTraining, AFrozenDetectorNeedsAllOfItsWeights) {
    if (shared_data().empty()) {
        GTEST_SKIP() << kNoSharedData;
    }
    const Ran ran = run("train g3 --set freeze_detector=true --out " + path("run") + data() +
                        " --set solver.batch=2 --weights " +
                        (shared_data() / "resnet50-imagenet-caffe.safetensors").string());
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "parameters that are frozen: backbone.fpn")) << ran.talk;
    const Ran nano =
        run("train nano --out " + path("run") + data() + " --set solver.batch=2" + " --weights " +
            (shared_data() / "resnet50-imagenet-caffe.safetensors").string());
    EXPECT_EQ(nano.code, 1);
    EXPECT_TRUE(has(nano.talk, "expects NanoDet-Plus")) << nano.talk;
}

TEST_F(NanoTraining, ATeacherThatDoesNotFitIsAnError) {
    ASSERT_EQ(run("train nanodet --out " + path("teacher") + data() +
                  " --set input.short_train=[96] --set solver.batch=3 --set solver.max_iter=1 "
                  "--set workers=1")
                  .code,
              0);
    const std::string teacher = " --teacher " + path("teacher/last.safetensors");
    const auto says = [&](const std::string& arguments, const char* problem) {
        const Ran ran = run("train " + arguments + teacher + " --out " + path("run") +
                            " --set solver.batch=2 --set solver.max_iter=1");
        EXPECT_EQ(ran.code, 1) << ran.talk;
        EXPECT_TRUE(has(ran.talk, problem)) << ran.talk;
        EXPECT_TRUE(has(ran.talk, "to fix: ")) << ran.talk;
        EXPECT_FALSE(fs::exists(path("run/last.safetensors")));
    };
    says("nanodet --set input.order=rgb" + data(), "its normalisation of images");
    says("lite" + data(), "its detector and box units");
    ToyOptions other;
    other.categories = {"disc", "cube"};
    write_toy_data(path("other"), other);
    says("nanodet --data " + path("other/data.json") + " --images " + path("other/images"),
         "its categories differ from those of the data: category 2");
    ToyOptions boxes;
    boxes.unknown_masks = true;
    write_toy_data(path("boxes"), boxes);
    says("lite --set data.unknown_masks=box-only --data " + path("boxes/data.json") + " --images " +
             path("boxes/images"),
         "none of 12 objects has a mask");
}

// The detector keeps its weights until `solver.detector_start`, also across an interruption.
TEST_F(NanoTraining, TheDetectorIsReleasedLate) {
    ASSERT_EQ(run("train nanodet --out " + path("detector") + data() +
                  " --set input.short_train=[96] --set solver.batch=3 --set solver.max_iter=1 "
                  "--set workers=1")
                  .code,
              0);
    const auto trained = [&](const char* out, int iterations, const char* more) {
        const Ran ran = run("train nano --out " + path(out) + data() + " --weights " +
                            path("detector/last.safetensors") +
                            " --set freeze_detector=false --set solver.detector_start=3 --set "
                            "input.short_train=[96] --set solver.batch=3 --set workers=1 --set "
                            "solver.detector_lr_factor=0.1 --set solver.warmup_iters=0 --set "
                            "solver.schedule=steps --set solver.steps=[1000] --set "
                            "checkpoint_period=2 --set solver.max_iter=" +
                            std::to_string(iterations) + more);
        EXPECT_EQ(ran.code, 0) << ran.talk;
        return read_model(path(out) + "/last.safetensors").weights;
    };
    const Weights detector = read_model(path("detector/last.safetensors")).weights;
    const auto keeps = [&](const Weights& weights) {
        return std::ranges::all_of(detector, [&](const auto& item) {
            return std::ranges::equal(item.second.bytes, weights.at(item.first).bytes);
        });
    };
    EXPECT_TRUE(keeps(trained("three", 3, "")));
    const Weights straight = trained("straight", 5, "");
    EXPECT_FALSE(keeps(straight));
    (void)trained("resumed", 2, "");
    fs::remove(path("resumed/last.safetensors"));
    const Weights resumed = trained("resumed", 5, " --resume");
    for (const auto& [name, tensor] : straight) {
        EXPECT_TRUE(std::ranges::equal(tensor.bytes, resumed.at(name).bytes)) << name;
    }
}

TEST_F(NanoTraining, ContradictionsAreErrorsBeforeTraining) {
    const auto says = [&](const std::string& arguments, const char* problem, const char* fix) {
        const Ran ran =
            run("train " + arguments + data() + " --out " + path("run") + " --set solver.batch=2");
        EXPECT_EQ(ran.code, 1) << ran.talk;
        EXPECT_TRUE(has(ran.talk, problem)) << ran.talk;
        EXPECT_TRUE(has(ran.talk, fix)) << ran.talk;
        EXPECT_FALSE(fs::exists(path("run/last.safetensors")));
    };
    says("nano", "there are no weights of a trained detector", "--set freeze_detector=false");
    says("finetune", "backbone.freeze_at = 5, but there are no weights",
         "--set backbone.freeze_at=0");
    says("finetune_nano --set start_model=", "backbone.freeze_at = 4, but there are no weights",
         "--set backbone.freeze_at=0");
    says("nano --set pixel_stride=8", "mask_scale_factor: found 1: expected 2",
         "set mask_scale_factor");
    says("nanodet --set strides=[8,16,32]", "expected [8, 16, 32, 64], those of the detector",
         "remove strides");
    says("nanodet --set detector=nanodett", "\"nanodett\" is not one of fcos, nanodet",
         "did you mean \"nanodet\"");
}

}  // namespace
}  // namespace embedmask::testing
