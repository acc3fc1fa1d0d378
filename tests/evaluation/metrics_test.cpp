#include <gtest/gtest.h>

#include "embedmask/evaluation.h"

namespace embedmask {
namespace {

std::vector<std::string> names(const EvaluationOptions& options) {
    std::vector<std::string> result;
    for (const Metric& metric : metrics_of(options)) {
        result.push_back(metric.name);
    }
    return result;
}

using Names = std::vector<std::string>;

TEST(Metrics, DefaultsAreTheTwelveNumbers) {
    EXPECT_EQ(names({}), (Names{"AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100",
                                "ARs", "ARm", "ARl"}));
}

TEST(Metrics, AreNamedAfterTheSettings) {
    EXPECT_EQ(names({.max_detections = {1, 10, 100, 1000}}),
              (Names{"AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "AR1000",
                     "ARs", "ARm", "ARl"}));
    EXPECT_EQ(names({.iou_thresholds = {0.3}, .max_detections = {300}}),
              (Names{"AP", "AP30", "APs", "APm", "APl", "AR300", "ARs", "ARm", "ARl"}));
    EXPECT_EQ(names({.iou_thresholds = {0.05, 0.333, 1},
                     .area_ranges = {{"all", 0, 1e10}, {"tiny", 0, 100}},
                     .max_detections = {5, 50}}),
              (Names{"AP", "AP05", "AP33.3", "AP100", "AP tiny", "AR5", "AR50", "AR tiny"}));
    EXPECT_EQ(names({.iou_thresholds = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6},
                     .area_ranges = {{"all", 0, 1e10}},
                     .max_detections = {100}}),
              (Names{"AP", "AP50", "AR100"}))
        << "many thresholds: only those of COCO";
    EXPECT_EQ(names({.iou_thresholds = {0.5},
                     .area_ranges = {{"tiny", 0, 100}, {"small", 0, 500}},
                     .max_detections = {100}}),
              (Names{"AP tiny", "AP50 tiny", "AP small", "AR100 tiny", "AR small"}))
        << "small is APs only with the bounds of COCO, AP is that of all objects";
    EXPECT_EQ(names({.iou_thresholds = {0.5, 0.5},
                     .area_ranges = {{"all", 0, 1e10}},
                     .max_detections = {10, 10}}),
              (Names{"AP", "AP50", "AR10"}));
}

TEST(Metrics, ValuesAreThoseOfTheirSettings) {
    // Two objects; the better of two detections is in the second place.
    Evaluator evaluator(
        std::vector<Category>{{1, "a", ""}},
        {.type = IouType::bbox, .iou_thresholds = {0.3, 0.9}, .max_detections = {1, 2, 10}});
    evaluator.add_image(
        1,
        std::vector<GroundTruthObject>{{1, 1, {0, 0, 10, 10}, 100, false, nullptr},
                                       {2, 1, {50, 0, 40, 40}, 1600, false, nullptr}},
        std::vector<DetectedObject>{{1, 0.9, {0, 0, 10, 5}, 50, nullptr},
                                    {1, 0.8, {50, 0, 40, 40}, 1600, nullptr}});
    const Evaluation evaluation = evaluator.finish();
    std::map<std::string, double> values;
    for (const Metric& metric : evaluation.metrics()) {
        values[metric.name] = evaluation.value(metric);
        EXPECT_EQ(evaluation.category_value(metric, 0), evaluation.value(metric)) << metric.name;
    }
    EXPECT_DOUBLE_EQ(values.at("AP30"), 1);
    EXPECT_NEAR(values.at("AP90"), 0.5 * 51 / 101, 1e-12);
    EXPECT_NEAR(values.at("AP"), (1 + 0.5 * 51 / 101) / 2, 1e-12);
    EXPECT_DOUBLE_EQ(values.at("AR1"), 0.25) << "one of two at 0.3, none at 0.9";
    EXPECT_DOUBLE_EQ(values.at("AR2"), 0.75);
    EXPECT_DOUBLE_EQ(values.at("AR10"), 0.75);
    EXPECT_DOUBLE_EQ(values.at("ARm"), 1);
    EXPECT_DOUBLE_EQ(values.at("APl"), -1);
    const std::string text = evaluation.summary();
    EXPECT_NE(text.find("IoU=0.30:0.90 | area=   all | maxDets= 10 ]"), std::string::npos) << text;
    EXPECT_NE(text.find("IoU=0.30      | area=   all | maxDets= 10 ] = 1.000"), std::string::npos);
    EXPECT_EQ(text.find("IoU=0.50 "), std::string::npos) << text;
}

TEST(Metrics, RunsHoldTheArrays) {
    std::vector<Category> categories;
    for (int i = 0; i < 3; ++i) {
        categories.push_back({i + 1, "", ""});
    }
    Evaluator evaluator(categories, {.type = IouType::bbox});
    evaluator.add_image(1,
                        std::vector<GroundTruthObject>{{1, 2, {0, 0, 10, 10}, 100, false, nullptr}},
                        std::vector<DetectedObject>{{2, 0.9, {0, 0, 10, 9}, 90, nullptr},
                                                    {3, 0.9, {0, 0, 10, 9}, 90, nullptr}});
    const Evaluation evaluation = evaluator.finish();
    const auto precision = evaluation.precision();
    const auto scores = evaluation.scores();
    ASSERT_EQ(precision.size(), 10U * 101 * 3 * 4 * 3);
    EXPECT_NEAR(precision[evaluation.precision_index(0, 100, 1, 0, 2)], 1, 1e-12);
    EXPECT_EQ(scores[evaluation.precision_index(0, 100, 1, 0, 2)], 0.9);
    EXPECT_EQ(precision[evaluation.precision_index(9, 0, 1, 0, 2)], 0);
    EXPECT_EQ(scores[evaluation.precision_index(9, 0, 1, 0, 2)], 0.9) << "recall 0 is reached";
    EXPECT_EQ(scores[evaluation.precision_index(9, 1, 1, 0, 2)], 0);
    EXPECT_EQ(precision[evaluation.precision_index(0, 0, 2, 0, 2)], -1) << "no ground truth";
    EXPECT_EQ(evaluation.curve(0, 0), std::vector<double>(101, -1));
    EXPECT_TRUE(evaluation.curves[2].runs.empty());
}

}  // namespace
}  // namespace embedmask
