#include <gtest/gtest.h>

#include <cmath>

#include "detection/candidates.h"
#include "detection/nms.h"
#include "test_data.h"

namespace embedmask::detection {
namespace {

// The maps that candidates.json describes.
struct GoldenLevel {
    std::vector<float> cls, box, ctr;

    GoldenLevel() {
        for (int i = 0; i < 36; ++i) {
            cls.push_back(static_cast<float>(-2.5 + 3 * std::sin(0.77 * i + 0.2)));
        }
        for (int i = 0; i < 12; ++i) {
            ctr.push_back(static_cast<float>(1.5 * std::sin(0.9 * i)));
        }
        // In units of the stride; the file states them in pixels.
        for (int i = 0; i < 48; ++i) {
            box.push_back(static_cast<float>(std::max(0.0, 1.4 + 1.2 * std::sin(0.5 * i + 0.1))));
        }
    }
    [[nodiscard]] LevelMaps maps() const { return {cls, box, ctr, 3, 4}; }
};

TEST(Candidates, EqualTheGoldenVector) {
    const auto golden = testing::golden("candidates");
    const GoldenLevel level;
    for (const bool table2 : {false, true}) {
        CandidateOptions options;
        options.threshold_product = options.square_root = table2;
        options.plus_one = !table2;
        std::vector<Candidate> found;
        add_candidates(level.maps(), 1, 16, {60, 45}, options, found);
        std::size_t i = 0;
        for (const auto& expected : golden["candidates"]) {
            if (table2 && !expected["passes_table2_threshold"].get<bool>()) {
                continue;
            }
            ASSERT_LT(i, found.size());
            const Candidate& c = found[i++];
            EXPECT_EQ(c.location, expected["location"].get<int>());
            EXPECT_EQ(c.label + 1, expected["cls"].get<int>());
            EXPECT_NEAR(c.score, expected[table2 ? "score_sqrt" : "score"].get<double>(), 1e-5);
            const auto box = expected[table2 ? "box" : "clipped"].get<Box>();
            EXPECT_NEAR(c.box.x1, box.x1, 1e-3);
            EXPECT_NEAR(c.box.y1, box.y1, 1e-3);
            EXPECT_NEAR(c.box.x2, box.x2, 1e-3);
            EXPECT_NEAR(c.box.y2, box.y2, 1e-3);
        }
        EXPECT_EQ(i, found.size());
    }
}

// One class, one cell of stride 16 in column 2 and row 1 that is above the threshold.
TEST(Candidates, DetectorsWithoutCenternessScoreByClassAlone) {
    std::vector<float> logits(12, -9);
    logits[6] = 1;
    const std::vector<float> box(48, 1.5F);
    CandidateOptions options;
    options.plus_one = false;
    for (const bool at_cell_centers : {true, false}) {
        options.at_cell_centers = at_cell_centers;
        std::vector<Candidate> found;
        add_candidates({logits, box, {}, 3, 4}, 1, 16, {64, 48}, options, found);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_FLOAT_EQ(found[0].score, 1 / (1 + std::exp(-1.0F)));
        const float shift = at_cell_centers ? 8 : 0;
        EXPECT_EQ(found[0].box,
                  (Box{32 + shift - 24, 16 + shift - 24, 32 + shift + 24, 16 + shift + 24}));
    }
}

TEST(Candidates, TopNKeepsTheBestInEnumerationOrder) {
    const auto golden = testing::golden("candidates");
    const GoldenLevel level;
    CandidateOptions options;
    std::vector<Candidate> all;
    add_candidates(level.maps(), 1, 16, {60, 45}, options, all);
    options.top_n = 5;
    std::vector<Candidate> best;
    add_candidates(level.maps(), 1, 16, {60, 45}, options, best);
    ASSERT_EQ(best.size(), 5U);
    for (std::size_t i = 0; i < best.size(); ++i) {
        const Candidate& expected = all[golden["top5"][i].get<std::size_t>()];
        EXPECT_EQ(best[i].location, expected.location);
        EXPECT_EQ(best[i].label, expected.label);
    }
}

TEST(Candidates, ThresholdIsStrictAndTiesKeepTheEarlier) {
    const std::vector<float> cls(4, 0.0F);
    const std::vector<float> ctr(4, 0.0F);
    const std::vector<float> box(16, 1.0F);
    CandidateOptions options;
    options.score_threshold = 0.5;
    std::vector<Candidate> found;
    add_candidates({cls, box, ctr, 2, 2}, 0, 8, {16, 16}, options, found);
    EXPECT_TRUE(found.empty()) << "sigmoid(0) = 0.5 is not above 0.5";
    options.score_threshold = 0.4;
    options.top_n = 2;
    add_candidates({cls, box, ctr, 2, 2}, 0, 8, {16, 16}, options, found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].location, 0);
    EXPECT_EQ(found[1].location, 1);
}

TEST(Candidates, MapsOfNanGiveNothing) {
    const std::vector<float> nan(12, NAN);
    std::vector<Candidate> found;
    add_candidates({nan, nan, std::span(nan).first(3), 1, 3}, 0, 8, {24, 8}, {}, found);
    EXPECT_TRUE(found.empty());
}

std::vector<Candidate> golden_candidates(const nlohmann::json& golden) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < golden["boxes"].size(); ++i) {
        Candidate c;
        c.box = golden["boxes"][i].get<Box>();
        c.score = golden["scores"][i];
        c.label = golden["labels"][i];
        candidates.push_back(c);
    }
    return candidates;
}

TEST(Nms, EqualsTheGoldenVector) {
    const auto golden = testing::golden("nms");
    for (const auto& entry : golden["cases"]) {
        const auto candidates = golden_candidates(entry);
        const auto kept = nms(candidates, 0.6, true);
        EXPECT_EQ(kept, entry["keep"].get<std::vector<std::size_t>>());
        EXPECT_EQ(limit_detections(candidates, kept, 3),
                  entry["keep_top3"].get<std::vector<std::size_t>>());
        EXPECT_EQ(limit_detections(candidates, kept, 8),
                  entry["keep_top8"].get<std::vector<std::size_t>>());
    }
    for (const auto& example : golden["plus_one_examples"]) {
        const Box a = example["boxes"][0].get<Box>();
        const Box b = example["boxes"][1].get<Box>();
        EXPECT_NEAR(iou(a, b, true), example["iou"].get<double>(), 1e-6);
    }
}

TEST(Limit, TiesAtTheLimitAreAllKept) {
    const auto golden = testing::golden("nms");
    const auto& tie = golden["limit_tie"];
    std::vector<Candidate> candidates;
    std::vector<std::size_t> all;
    for (const float score : tie["scores"]) {
        all.push_back(candidates.size());
        candidates.emplace_back();
        candidates.back().score = score;
    }
    EXPECT_EQ(limit_detections(candidates, all, tie["limit"]),
              tie["kept"].get<std::vector<std::size_t>>());
    EXPECT_EQ(limit_detections(candidates, all, 0), all);
    EXPECT_EQ(limit_detections(candidates, all, -1), all);
    EXPECT_TRUE(limit_detections({}, {}, 100).empty());
}

}  // namespace
}  // namespace embedmask::detection
