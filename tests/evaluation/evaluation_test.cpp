#include "embedmask/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "embedmask/error.h"
#include "test_data.h"

namespace embedmask {
namespace {

using nlohmann::json;
using testing::message_of;

CocoStats numbers(const json& list) {
    return list.get<CocoStats>();
}

struct Files {
    Dataset dataset;
    std::vector<Result> boxes;
    std::vector<Result> masks;
};

Files golden_files() {
    json data = testing::golden("coco_ap");
    json categories = json::array();
    for (const auto& id : data["categories"]) {
        categories.push_back({{"id", id}});
    }
    const json truth{{"images", data["images"]},
                     {"categories", categories},
                     {"annotations", data["annotations"]}};
    json boxes = json::array();
    json masks = json::array();
    for (const auto& item : data["detections"]) {
        json record{{"image_id", item["image_id"]},
                    {"category_id", item["category_id"]},
                    {"score", item["score"]}};
        json box = record;
        box["bbox"] = item["bbox"];
        boxes.push_back(box);
        record["segmentation"] = {{"size", {150, 150}}, {"counts", item["rle"]}};
        masks.push_back(record);
    }
    return {parse_dataset(truth.dump(), "gt"), parse_results(boxes.dump(), "boxes"),
            parse_results(masks.dump(), "masks")};
}

void expect_close(const CocoStats& found, const CocoStats& expected) {
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i], expected[i], 1e-14) << i;
    }
}

TEST(Evaluation, GoldenVectors) {
    const json data = testing::golden("coco_ap");
    const Files files = golden_files();
    expect_close(evaluate(files.dataset, files.boxes, {.type = IouType::bbox}).stats(),
                 numbers(data["stats_bbox"]));
    expect_close(evaluate(files.dataset, files.masks, {.type = IouType::segm}).stats(),
                 numbers(data["stats_segm"]));
}

TEST(Evaluation, PennFudanReferenceExactly) {
    const auto folder = testing::shared_data();
    if (folder.empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    std::ifstream file(folder / "penn-fudan/reference/stats.json");
    const json expected = json::parse(file);
    const Dataset dataset = read_dataset(folder / "penn-fudan/instances_val.json");
    for (const IouType type : {IouType::bbox, IouType::segm}) {
        const std::string name = name_of(type);
        const auto results =
            read_results(folder / ("penn-fudan/reference/detections_" + name + ".json"));
        for (const int threads : {1, 2, 5}) {
            EXPECT_EQ(evaluate(dataset, results, {.type = type, .threads = threads}).stats(),
                      numbers(expected[name]))
                << name;
        }
    }
}

TEST(Evaluation, NoDetectionsAtAllAndNoGroundTruth) {
    const Files files = golden_files();
    const CocoStats none = evaluate(files.dataset, {}, {.type = IouType::segm}).stats();
    EXPECT_EQ(none[0], 0);
    EXPECT_EQ(none[8], 0);
    Dataset empty = files.dataset;
    empty.annotations.clear();
    EXPECT_EQ(evaluate(empty, files.masks, {.type = IouType::segm}).stats()[0], -1);
}

TEST(Evaluation, StreamingInAnyOrderGivesTheSameBits) {
    std::vector<Category> categories{{5, "a", ""}, {2, "b", ""}};
    const auto run = [&](bool backwards) {
        Evaluator evaluator(categories,
                            {.type = IouType::bbox, .bootstrap_samples = 50, .per_image = true});
        for (int step = 0; step < 20; ++step) {
            const int image = backwards ? 19 - step : step;
            const double shift = image % 7;
            const std::vector<GroundTruthObject> truths{
                {image + 1, 5, {10, 10, 50, 40}, 2000, false, nullptr},
                {image + 100, 99, {10, 10, 50, 40}, 2000, false, nullptr}};
            const std::vector<DetectedObject> detections{
                {5, 0.5, {10 + shift, 10, 50, 40}, 2000, nullptr},
                {2, 0.5, {10 + shift, 10, 50, 40}, 2000, nullptr}};
            evaluator.add_image(image, truths, detections);
        }
        return evaluator.finish();
    };
    const Evaluation forwards = run(false);
    const Evaluation backwards = run(true);
    EXPECT_EQ(forwards.precision(), backwards.precision());
    EXPECT_EQ(forwards.scores(), backwards.scores());
    EXPECT_EQ(forwards.ap_interval, backwards.ap_interval);
    EXPECT_EQ(forwards.categories, (std::vector<std::int64_t>{2, 5}));
    ASSERT_EQ(forwards.images.size(), 20U);
    EXPECT_NEAR(forwards.images[0].ap, 1, 1e-12);
    EXPECT_LT(forwards.images[6].ap, 1);
    const double ap = forwards.stats()[0];
    EXPECT_LE(forwards.ap_interval[0], ap);
    EXPECT_GE(forwards.ap_interval[1], ap);
    EXPECT_EQ(forwards.category_stats(0)[0], -1) << "category 2 has no ground truth";
    EXPECT_EQ(forwards.category_stats(1)[0], ap);
}

TEST(Evaluation, SummaryIsTheFamiliarBlock) {
    const Files files = golden_files();
    const std::string text =
        evaluate(files.dataset, files.boxes, {.type = IouType::bbox}).summary();
    EXPECT_NE(text.find(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = "
                        "0.256\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(" Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = "
                        "0.000\n"),
              std::string::npos);
}

TEST(Evaluation, BadInputIsNamed) {
    const Files files = golden_files();
    Evaluator evaluator(files.dataset.categories, {.type = IouType::segm});
    const Rle small{1, 1, {0, 1}};
    const Rle other{2, 1, {0, 2}};
    const GroundTruthObject truth{1, 1, {}, 1, false, &small};
    const auto add = [&](const DetectedObject& detection) {
        return message_of(
            [&] { evaluator.add_image(77, std::array{truth}, std::array{detection}); });
    };
    EXPECT_NE(add({1, std::nan(""), {}, 1, &small}).find("image 77"), std::string::npos);
    EXPECT_NE(add({1, 0.5, {}, 1, nullptr}).find("a detection has no mask"), std::string::npos);
    EXPECT_NE(add({1, 0.5, {}, 1, &other}).find("2x1"), std::string::npos);
    EXPECT_NE(message_of([&] { Evaluator({}, {.iou_thresholds = {1.5}}); }).find("threshold"),
              std::string::npos);
    EXPECT_NE(message_of([&] {
                  Evaluator({}, {.max_detections = {10, 1}});
              }).find("ascending"),
              std::string::npos);
    const std::vector<Category> twins{{3, "a", ""}, {3, "b", ""}};
    EXPECT_NE(message_of([&] { Evaluator(twins, {}); }).find("id 3"), std::string::npos);
    std::vector<Result> wrong_size = files.masks;
    wrong_size[0].segmentation.rle = small;
    EXPECT_NE(message_of([&] {
                  evaluate(files.dataset, wrong_size, {});
              }).find("1x1 (height x width) for an image of 150x150"),
              std::string::npos);
}

}  // namespace
}  // namespace embedmask
