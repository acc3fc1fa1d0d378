// Likely label errors, with the model that ships.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "data/recorded_image.h"
#include "e2e/damaged_labels.h"
#include "e2e/program.h"
#include "embedmask/model.h"
#include "embedmask/predictor.h"
#include "scoring/predict_images.h"
#include "scoring/result_sets.h"

namespace embedmask {
namespace {

using testing::has;
using testing::run;

constexpr std::uint64_t kSeed = 1;  // chosen before anything was measured
constexpr std::size_t kReviewed = 40;
constexpr std::size_t kLeastFound = 14;  // of 20

std::vector<Result> detections(const Dataset& dataset, const std::filesystem::path& folder) {
    const Predictor predictor(
        read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/coco-nano.safetensors"),
        {.precision = Precision::fp32});
    std::vector<Result> results;
    const auto files = data::recorded_files(dataset, folder);
    scoring::predict_images(
        predictor, files, {}, {}, [&](std::size_t i, scoring::ImageOutcome& outcome) {
            for (const Detection& detection : outcome.prediction->detections) {
                Result result = scoring::mask_result(files[i].image_id, detection);
                result.box = detection.box;
                results.push_back(std::move(result));
            }
        });
    return results;
}

TEST(DataSuspects, TwentyDamagedLabelsAreAmongTheFirst) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const auto folder = testing::shared_data() / "coco-mini";
    const Dataset dataset = read_dataset(folder / "annotations/instances_val.json");
    const auto results = detections(dataset, folder / "val");
    for (std::uint64_t seed = kSeed; seed < kSeed + 10; ++seed) {
        const testing::DamagedLabels damaged(dataset, seed);
        ASSERT_EQ(damaged.errors().size(), 20U);
        const auto suspects = find_suspects(damaged.dataset(), results, {.most = kReviewed});
        std::map<SuspectKind, int> by_kind;
        std::size_t found = 0;
        for (const testing::MadeError& error : damaged.errors()) {
            const bool is_found = std::ranges::any_of(suspects, [&](const Suspect& suspect) {
                return damaged.is_found(error, suspect, results);
            });
            found += is_found ? 1 : 0;
            by_kind[error.kind] += is_found ? 1 : 0;
        }
        std::printf("seed %2d: %zu of 20 among the first %zu:", static_cast<int>(seed), found,
                    kReviewed);
        for (const auto& [kind, count] : by_kind) {
            std::printf(" %s %d", name_of(kind), count);
        }
        std::printf("\n");
        if (seed == kSeed) {
            EXPECT_GE(found, kLeastFound);
        }
    }
}

/// An annotation file for two of the samples: one has a label, the other has none.
class SamplesWithSuspects : public ::testing::Test {
protected:
    void SetUp() override {
        for (const auto& entry : std::filesystem::directory_iterator(testing::kSamples)) {
            if (entry.path().extension() == ".jpg") {
                names_.push_back(entry.path().filename().string());
            }
        }
        std::ranges::sort(names_);
        names_.resize(2);
        const Model model =
            read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/coco-nano.safetensors");
        for (const Category& category : model.categories) {
            categories_.push_back({{"id", category.id}, {"name", category.name}});
        }
        write(file("ann.json"), categories_);
    }

    void write(const std::string& path, const nlohmann::json& categories) const {
        nlohmann::json written{{"info", {{"note", "kept"}}}, {"categories", categories}};
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const Image image = read_image(testing::kSamples + "/" + names_[i]);
            written["images"].push_back({{"id", i + 1},
                                         {"width", image.size.width},
                                         {"height", image.size.height},
                                         {"file_name", names_[i]}});
        }
        written["annotations"] = {{{"id", 7},
                                   {"image_id", 1},
                                   {"category_id", 1},
                                   {"bbox", {10, 10, 50, 60}},
                                   {"area", 3000},
                                   {"iscrowd", 0},
                                   {"mine", "kept"},
                                   {"segmentation", {{10, 10, 60, 10, 60, 70, 10, 70}}}}};
        std::ofstream(path) << written;
    }

    [[nodiscard]] std::string file(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    [[nodiscard]] testing::Ran suspects(const std::string& more,
                                        const std::string& data = "ann.json") const {
        return run("data suspects coco-nano --precision fp32 --data " + file(data) + " --images " +
                   testing::kSamples + " " + more);
    }

    testing::TemporaryFolder folder_;
    std::vector<std::string> names_;
    nlohmann::json categories_;
};

TEST_F(SamplesWithSuspects, WritesAllReports) {
    const testing::Ran ran = suspects("--json " + file("s.json") + " --html " + file("s.html") +
                                      " --limit 9 --kinds missing,object,mask,category");
    ASSERT_EQ(ran.code, 0) << ran.talk;
    EXPECT_TRUE(has(ran.out, "rank")) << ran.out;
    EXPECT_TRUE(has(ran.talk, "suspect")) << ran.talk;
    const auto report = testing::read_json(file("s.json"));
    EXPECT_EQ(report["settings"]["precision"], "fp32");
    EXPECT_EQ(report["settings"]["limit"], 9);
    EXPECT_EQ(report["data_fingerprint"].get<std::string>().size(), 18U);
    ASSERT_FALSE(report["suspects"].empty());
    EXPECT_LE(report["suspects"].size(), 9U);
    double last = 1;
    for (const auto& suspect : report["suspects"]) {
        EXPECT_LE(suspect["score"], last);
        last = suspect["score"];
        EXPECT_EQ(suspect["file_name"], names_[suspect["image_id"].get<std::size_t>() - 1]);
        EXPECT_EQ(suspect["labels"].size(), suspect["kind"] == "missing" ? 0U : 1U);
    }
    const auto bytes = detail::read_file(file("s.html"));
    const std::string html(bytes.begin(), bytes.end());
    EXPECT_TRUE(has(html, "data:image/jpeg;base64,"));
    EXPECT_TRUE(has(html, names_[0]) || has(html, names_[1]));
    EXPECT_FALSE(has(html, "http"));

    const testing::Ran streamed = suspects("--json -");
    EXPECT_FALSE(nlohmann::json::parse(streamed.out)["suspects"].empty());
}

TEST_F(SamplesWithSuspects, PrelabelsImagesWithoutLabels) {
    const testing::Ran ran = suspects("--prelabel " + file("new.json"));
    ASSERT_EQ(ran.code, 0) << ran.talk;
    const auto report = testing::read_json(file("new.json"));
    EXPECT_EQ(report["info"]["note"], "kept");
    EXPECT_EQ(report["annotations"][0]["mine"], "kept");
    ASSERT_GT(report["annotations"].size(), 1U);
    for (std::size_t i = 1; i < report["annotations"].size(); ++i) {
        const auto& label = report["annotations"][i];
        EXPECT_EQ(label["id"], 7 + i);
        EXPECT_EQ(label["image_id"], 2);
        EXPECT_GE(label["score"], 0.3);
    }
    const testing::Ran check =
        run("data check " + file("new.json") + " --images " + testing::kSamples);
    EXPECT_EQ(check.code, 0) << check.text();
    EXPECT_TRUE(has(check.out, "no problems found")) << check.out;
}

TEST_F(SamplesWithSuspects, RefusesWhatCannotWork) {
    auto other = categories_;
    other[0]["name"] = "pedestrian";
    write(file("names.json"), other);
    const testing::Ran names = suspects("", "names.json");
    EXPECT_EQ(names.code, 1);
    EXPECT_TRUE(has(names.talk, "category 1 is \"person\"")) << names.talk;

    write(file("ids.json"), {{{"id", 1000}, {"name", "thing"}}});
    const testing::Ran ids = suspects("", "ids.json");
    EXPECT_EQ(ids.code, 1);
    EXPECT_TRUE(has(ids.talk, "found no category of coco-nano")) << ids.talk;

    const testing::Ran over = suspects("--json " + file("ann.json"));
    EXPECT_EQ(over.code, 1);
    EXPECT_TRUE(has(over.talk, "ann.json")) << over.talk;
    EXPECT_EQ(testing::read_json(file("ann.json"))["annotations"].size(), 1U);

    const std::string data = "data suspects coco-nano --data " + file("ann.json") + " --images ";
    const testing::Ran folder = run(data + file("none"));
    EXPECT_EQ(folder.code, 1);
    EXPECT_TRUE(has(folder.talk, "found no such folder")) << folder.talk;
    const testing::Ran empty = run(data + folder_.path().string());
    EXPECT_EQ(empty.code, 1);
    EXPECT_TRUE(has(empty.talk, "found no readable image")) << empty.talk;

    const auto bytes = detail::read_file(file("ann.json"));
    std::ofstream(file("cut.json")).write(reinterpret_cast<const char*>(bytes.data()), 300);
    const testing::Ran cut = suspects("--json " + file("none.json"), "cut.json");
    EXPECT_EQ(cut.code, 1);
    EXPECT_TRUE(has(cut.talk, "cut.json")) << cut.talk;
    EXPECT_FALSE(std::filesystem::exists(file("none.json")));
}

TEST_F(SamplesWithSuspects, UnreadableImagesAreReportedAndSkipped) {
    std::filesystem::create_directory(file("images"));
    std::filesystem::copy(testing::kSamples + "/" + names_[0], file("images"));
    std::ofstream(file("images/" + names_[1])) << "no image";
    const testing::Ran ran =
        run("data suspects coco-nano --precision fp32 --data " + file("ann.json") + " --images " +
            file("images") + " --json " + file("s.json"));
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(has(ran.talk, "skipped")) << ran.talk;
    const auto report = testing::read_json(file("s.json"));
    EXPECT_EQ(report["skipped"].size(), 1U);
    for (const auto& suspect : report["suspects"]) {
        EXPECT_EQ(suspect["image_id"], 1);
    }
}

TEST(DataSuspects, HelpFitsAScreen) {
    testing::expect_help_fits_a_screen("data suspects");
}

}  // namespace
}  // namespace embedmask
