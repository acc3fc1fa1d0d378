// Ground truth that is not what it seems: ids, masks, boxes, areas and sizes.
#include <gtest/gtest.h>

#include "embedmask/analysis.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"
#include "evaluation/small_coco.h"
#include "test_data.h"

namespace embedmask {
namespace {

using nlohmann::json;
using testing::found_objects;
using testing::message_of;
using testing::true_objects;

Dataset dataset_of(const json& file) {
    return parse_dataset(file.dump(), "ann.json");
}

double ap(const json& file, IouType type, const json& results = found_objects()) {
    return evaluate(dataset_of(file), parse_results(results.dump(), "res.json"), {.type = type})
        .stats()[0];
}

TEST(GroundTruth, SharedIdsCountAsInPycocotools) {
    json file = true_objects();
    EXPECT_NEAR(ap(file, IouType::bbox), 0.850990, 1e-6);
    for (json& annotation : file["annotations"]) {
        annotation["id"] = 1;
    }
    EXPECT_NEAR(ap(file, IouType::bbox), 0.100990, 1e-6);
    const auto notes = ground_truth_notes(dataset_of(file), false);
    EXPECT_EQ(notes.shared_ids, (std::vector<std::int64_t>{1, 1, 1}));
    EXPECT_TRUE(ground_truth_notes(dataset_of(true_objects()), false).shared_ids.empty());
}

TEST(GroundTruth, SharedImageIdsAreNamed) {
    json file = true_objects();
    file["images"].push_back(file["images"][0]);
    EXPECT_NEAR(ap(file, IouType::bbox), 0.850990, 1e-6);
    EXPECT_EQ(ground_truth_notes(dataset_of(file), false).shared_image_ids,
              std::vector<std::int64_t>{1});
}

TEST(GroundTruth, MasksWithoutPixelsAreCounted) {
    json file = true_objects();
    file["annotations"][0]["segmentation"] = json::parse("[[5,5,5,5,5,5]]");
    file["annotations"][1]["segmentation"] = json::parse(R"({"size":[48,64],"counts":[3072]})");
    file["annotations"][1]["iscrowd"] = 1;
    const auto notes = ground_truth_notes(dataset_of(file), true);
    EXPECT_EQ(notes.masks_without_pixels, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(notes.objects, 3U);
    EXPECT_EQ(notes.known_masks, 3U);
    EXPECT_NO_THROW(require_scorable_masks(dataset_of(file)));
    // Unknown masks are no reason to refuse: they count as missed.
    for (json& annotation : file["annotations"]) {
        annotation["segmentation"] = json::array();
    }
    EXPECT_EQ(ap(file, IouType::segm), 0);
    EXPECT_EQ(ground_truth_notes(dataset_of(file), true).known_masks, 0U);
}

TEST(GroundTruth, ADatasetOfMasksWithoutPixelsIsRefused) {
    json file = true_objects();
    for (json& annotation : file["annotations"]) {
        for (json& number : annotation["segmentation"][0]) {
            number = number.get<double>() / 1000;
        }
    }
    for (const IouType type : {IouType::segm, IouType::boundary}) {
        EXPECT_NE(message_of([&] { ap(file, type); }).find("none of the 3 masks has a pixel"),
                  std::string::npos);
    }
    EXPECT_NEAR(ap(file, IouType::bbox), 0.850990, 1e-6);
    const auto results = parse_results(found_objects().dump(), "res.json");
    EXPECT_THROW(tide_errors(dataset_of(file), results, IouType::segm), Error);
    EXPECT_THROW(confusion_matrix(dataset_of(file), results, IouType::segm), Error);
}

TEST(GroundTruth, MasksNeedTheSizeOfTheImage) {
    json file = true_objects();
    file["images"][1].erase("width");
    for (const IouType type : {IouType::segm, IouType::boundary}) {
        EXPECT_NE(
            message_of([&] { ap(file, type); }).find("image 2 (b.png) has no width and height"),
            std::string::npos);
    }
    EXPECT_NEAR(ap(file, IouType::bbox), 0.850990, 1e-6);
    // An image with detections only needs a size, too; an image with nothing does not.
    json empty = true_objects();
    empty["images"].push_back({{"id", 9}, {"file_name", "c.png"}, {"width", 0}, {"height", 0}});
    EXPECT_GT(ap(empty, IouType::segm), 0);
    json results = found_objects();
    results.push_back(results[0]);
    results.back()["image_id"] = 9;
    EXPECT_NE(message_of([&] { ap(empty, IouType::segm, results); }).find("image 9 (c.png)"),
              std::string::npos);
    EXPECT_GT(ap(empty, IouType::bbox, results), 0);
    // Run lengths have a size, and boxes of their own.
    results.back().erase("bbox");
    results.back()["segmentation"] = json::parse(R"({"size":[2,2],"counts":[0,4]})");
    EXPECT_GT(ap(empty, IouType::bbox, results), 0);
}

TEST(GroundTruth, BoxesAndAreasThatCannotBeRightAreNamed) {
    json file = true_objects();
    file["annotations"][0]["area"] = 0;
    file["annotations"][1]["area"] = -300;
    file["annotations"][2]["area"] = 3000000;
    auto notes = ground_truth_notes(dataset_of(file), false);
    EXPECT_EQ(notes.areas_of_nothing, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(notes.areas_too_large, std::vector<std::int64_t>{3});
    EXPECT_NEAR(ap(file, IouType::bbox), 0.802, 1e-3) << "as pycocotools";
    file = true_objects();
    file["annotations"][0]["bbox"] = {5, 5, 0, 15};
    file["annotations"][1]["bbox"] = {30, 10, 20, -20};
    file["annotations"][1]["iscrowd"] = 1;
    file["annotations"][2]["area"] = 1801;
    notes = ground_truth_notes(dataset_of(file), false);
    EXPECT_EQ(notes.boxes_without_area, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(notes.areas_too_large, std::vector<std::int64_t>{3}) << "more than two boxes";
    EXPECT_TRUE(ground_truth_notes(dataset_of(true_objects()), true).areas_too_large.empty());
}

TEST(GroundTruth, BoxesNeedNoMasks) {
    const auto broken = [](const char* segmentation) {
        json results = found_objects();
        for (json& result : results) {
            result["segmentation"] = json::parse(segmentation);
        }
        return results;
    };
    EXPECT_THROW(ap(true_objects(), IouType::segm, broken(R"({"size":[2,2],"counts":[4]})")),
                 Error);
    // A mask of another size, a polygon of two corners: both can be read, but not drawn.
    for (const char* segmentation :
         {R"({"size":[2,2],"counts":[4]})", "[[1,1,2,2]]", "[[1,1,2,2,3]]"}) {
        EXPECT_NEAR(ap(true_objects(), IouType::bbox, broken(segmentation)), 0.850990, 1e-6);
        // The first record decides that areas come from masks.
        json mixed = broken(segmentation);
        mixed[0].erase("bbox");
        mixed[0]["segmentation"] = json::parse("[[5,5,25,5,25,20,5,20]]");
        EXPECT_NEAR(ap(true_objects(), IouType::bbox, mixed), 0.850990, 1e-6);
        json file = true_objects();
        file["annotations"][0]["segmentation"] = json::parse(segmentation);
        EXPECT_NEAR(ap(file, IouType::bbox), 0.850990, 1e-6);
    }
}

TEST(GroundTruth, UnknownCategoriesCanBeLeftOut) {
    json results = found_objects();
    for (int i = 0; i < 3; ++i) {
        json other = results[static_cast<std::size_t>(i)];
        other["category_id"] = 77;
        other["score"] = 0.95;
        results.insert(results.begin(), other);
    }
    const auto all = parse_results(results.dump(), "res.json");
    const auto known = parse_results(found_objects().dump(), "res.json");
    const Dataset data = dataset_of(true_objects());
    EXPECT_NE(message_of([&] {
                  evaluate(data, all, {.type = IouType::bbox});
              }).find("1 unknown category ids (77)"),
              std::string::npos);
    for (const bool agnostic : {false, true}) {
        const EvaluationOptions options{
            .type = IouType::bbox, .class_agnostic = agnostic, .ignore_unknown_categories = true};
        EXPECT_EQ(evaluate(data, all, options).stats(), evaluate(data, known, options).stats());
    }
    EXPECT_EQ(tide_errors(data, all, IouType::bbox, 1, true).ap,
              tide_errors(data, known, IouType::bbox).ap);
    EXPECT_EQ(confusion_matrix(data, all, IouType::bbox, 0.3, 0.5, 1, true).cells,
              confusion_matrix(data, known, IouType::bbox).cells);
    EXPECT_THROW(tide_errors(data, all, IouType::bbox), Error);
    EXPECT_THROW(confusion_matrix(data, all, IouType::bbox), Error);
}

TEST(GroundTruth, TideTellsWhatItLeavesOut) {
    json results = found_objects();
    EXPECT_EQ(
        tide_errors(dataset_of(true_objects()), parse_results(results.dump(), "r"), IouType::bbox)
            .cut_images,
        0U);
    for (int i = 0; i < 99; ++i) {
        results.push_back(results[0]);
    }
    const TideErrors tide =
        tide_errors(dataset_of(true_objects()), parse_results(results.dump(), "r"), IouType::bbox);
    EXPECT_EQ(tide.cut_images, 1U) << "101 detections";
    EXPECT_EQ(tide.absent_categories, 0U);
    json one = true_objects();
    one["annotations"].erase(1);
    EXPECT_EQ(
        tide_errors(dataset_of(one), parse_results(found_objects().dump(), "r"), IouType::bbox)
            .absent_categories,
        1U);
}

TEST(ConfusionMatrix, KeepsOnlyCellsThatAreNot0) {
    json file = true_objects();
    for (int i = 10; i < 20010; ++i) {
        file["categories"].push_back({{"id", i}, {"name", "x"}});
    }
    const auto matrix = confusion_matrix(dataset_of(file),
                                         parse_results(found_objects().dump(), "r"), IouType::bbox);
    ASSERT_EQ(matrix.cells.size(), 2U);
    EXPECT_EQ(matrix.at(0, 0), 2U);
    EXPECT_EQ(matrix.at(1, 1), 1U);
    EXPECT_EQ(matrix.at(1, 0), 0U);
    EXPECT_EQ(matrix.at(20002, 20002), 0U);
}

}  // namespace
}  // namespace embedmask
