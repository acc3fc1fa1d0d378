// Real images: what we detect is what the authors' own program detects with the same weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "e2e/agreement.h"
#include "e2e/pedestrians.h"
#include "embedmask/predictor.h"

namespace embedmask {
namespace {

constexpr float kScore = 0.3F;

struct Expected {
    CocoBox box;
    float score;
    Rle mask;
};

std::map<std::int64_t, std::vector<Expected>> reference_detections() {
    const auto folder = testing::shared_data() / "penn-fudan" / "reference";
    const auto boxes = testing::read_json(folder / "detections_bbox.json");
    const auto masks = testing::read_json(folder / "detections_segm.json");
    std::map<std::int64_t, std::vector<Expected>> by_image;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const auto& rle = masks[i]["segmentation"];
        by_image[boxes[i]["image_id"]].push_back(
            {boxes[i]["bbox"].get<CocoBox>(), boxes[i]["score"],
             decompress(rle["counts"].get<std::string>(), rle["size"][0], rle["size"][1])});
    }
    return by_image;
}

double corner_distance(const CocoBox& a, const CocoBox& b) {
    return std::max({std::fabs(a.x - b.x), std::fabs(a.y - b.y),
                     std::fabs(a.x + a.width - b.x - b.width),
                     std::fabs(a.y + a.height - b.y - b.height)});
}

TEST(Reference, Fp32ReproducesTheAuthorsDetections) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const Predictor predictor(testing::pedestrian_model(), {.precision = Precision::fp32});
    auto reference = reference_detections();
    std::size_t compared = 0;
    for (const testing::ValidationImage& image : testing::validation_images()) {
        SCOPED_TRACE(image.path.filename().string());
        const Prediction found =
            predictor.predict(read_image(image.path, {.expected_size = image.size}));
        const std::vector<Expected>& expected = reference[image.id];
        const auto confident = [](const auto& d) { return d.score > kScore; };
        EXPECT_EQ(std::count_if(found.detections.begin(), found.detections.end(), confident),
                  std::count_if(expected.begin(), expected.end(), confident));
        for (const Expected& e : expected) {
            if (!confident(e)) {
                continue;
            }
            const auto nearest = std::min_element(found.detections.begin(), found.detections.end(),
                                                  [&](const auto& a, const auto& b) {
                                                      return corner_distance(a.box, e.box) <
                                                             corner_distance(b.box, e.box);
                                                  });
            ASSERT_NE(nearest, found.detections.end());
            EXPECT_LE(corner_distance(nearest->box, e.box), 0.5);
            EXPECT_NEAR(nearest->score, e.score, 2e-3);
            EXPECT_GE(mask_iou(nearest->mask, e.mask), 0.99);
            ++compared;
        }
    }
    EXPECT_GT(compared, 100U);
}

testing::Agreement agreement(const Predictor& exact, const Predictor& other) {
    std::vector<std::filesystem::path> images;
    for (const testing::ValidationImage& image : testing::validation_images()) {
        images.push_back(image.path);
    }
    return testing::agreement(exact, other, images);
}

TEST(Reference, Bf16AgreesWithFp32) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const Model model = testing::pedestrian_model();
    const Predictor exact(model, {.precision = Precision::fp32});
    const Predictor fast(model, {.precision = Precision::automatic});
    if (fast.precision() != Precision::bf16) {
        GTEST_SKIP() << "this CPU has no bf16 units";
    }
    const testing::Agreement found = agreement(exact, fast);
    std::printf("bf16: %zu of %zu detections agree with fp32\n", found.agreeing, found.total);
    ASSERT_GT(found.total, 100U);
    EXPECT_GE(found.share(), 0.95);
}

TEST(Reference, TheShippedInt8FileAgreesWithTheF16Weights) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const Predictor exact(testing::pedestrian_model(), {.precision = Precision::fp32});
    const Predictor shipped(
        read_model(std::string(EMBEDMASK_SOURCE_DIR) + "/models/pedestrians.safetensors"),
        {.precision = Precision::fp32});
    const testing::Agreement found = agreement(exact, shipped);
    std::printf("i8 storage: %zu of %zu detections agree with F16\n", found.agreeing, found.total);
    ASSERT_GT(found.total, 100U);
    EXPECT_GE(found.share(), 0.95);
}

TEST(Predictor, ThreadsAndRepetitionGiveTheSameDetections) {
    if (testing::shared_data().empty()) {
        GTEST_SKIP() << testing::kNoSharedData;
    }
    const Model model = testing::pedestrian_model();
    const Image image = read_image(testing::validation_images().front().path);
    const Prediction two =
        Predictor(model, {.precision = Precision::fp32, .threads = 2}).predict(image);
    const Prediction one =
        Predictor(model, {.precision = Precision::fp32, .threads = 1}).predict(image);
    ASSERT_EQ(one.detections.size(), two.detections.size());
    for (std::size_t i = 0; i < one.detections.size(); ++i) {
        EXPECT_NEAR(one.detections[i].score, two.detections[i].score, 1e-4);
        // Two empty masks agree although their IoU is 0.
        EXPECT_TRUE(one.detections[i].mask == two.detections[i].mask ||
                    mask_iou(one.detections[i].mask, two.detections[i].mask) >= 0.99);
    }
}

}  // namespace
}  // namespace embedmask
