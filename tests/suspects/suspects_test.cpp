#include "embedmask/suspects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "suspects/logistic.h"
#include "test_data.h"

namespace embedmask {
namespace {

constexpr int kSide = 400;
constexpr std::int64_t kCat = 1;
constexpr std::int64_t kDog = 2;

// Little can be learned from 80 labels; right ones stay below.
constexpr double kLikely = 0.15;

Segmentation ellipse(const CocoBox& box) {
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(kSide) * kSide);
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const double dx = (x + 0.5 - box.x - box.width / 2) / (box.width / 2);
            const double dy = (y + 0.5 - box.y - box.height / 2) / (box.height / 2);
            bits[static_cast<std::size_t>(y) * kSide + x] = dx * dx + dy * dy <= 1 ? 1 : 0;
        }
    }
    return {Segmentation::Format::rle, {}, encode_rows(bits, kSide, kSide)};
}

/// Images with a cat at the left and a dog at the right, of various sizes, which a good model
/// finds; about as many detections of nothing have low scores.
struct Zoo {
    explicit Zoo(bool masks = true, int images = 40) {
        dataset.source = "zoo.json";
        dataset.has_annotations = true;
        dataset.categories = {{kCat, "cat"}, {kDog, "dog"}};
        for (int i = 0; i < images; ++i) {
            dataset.images.push_back({i + 1, kSide, kSide, "image.jpg"});
            add(i, kCat, {20.0 + i % 7, 30.0 + i % 5, 100.0 + i % 11, 120.0 + i % 13}, masks);
            add(i, kDog, {220.0 - i % 5, 200.0 + i % 7, 130.0 + i % 13, 90.0 + i % 11}, masks);
            const CocoBox nothing{250.0 + i % 9, 20.0 + i % 9, 80, 80};
            results.push_back({i + 1, kCat, 0.16 + 0.002 * i, nothing, {}});
        }
    }

    void add(int i, std::int64_t category, const CocoBox& box, bool masks) {
        const Segmentation mask = masks ? ellipse(box) : Segmentation{};
        const auto id = static_cast<std::int64_t>(dataset.annotations.size()) + 1;
        dataset.annotations.push_back({id, i + 1, category, box, {}, false, mask});
        const CocoBox seen{box.x + i % 3 - 1, box.y + i % 4 - 2, box.width + i % 5 - 2,
                           box.height + i % 3 - 1};
        results.push_back({i + 1, category, 0.7 + 0.005 * i, seen, mask});
    }

    [[nodiscard]] std::vector<Suspect> suspects(const SuspectOptions& options = {}) const {
        return find_suspects(dataset, results, options);
    }

    /// The first suspect; its annotation must be that at `position`.
    [[nodiscard]] Suspect first(std::size_t position) const {
        const auto list = suspects();
        if (list.empty()) {
            ADD_FAILURE() << "no suspects";
            return {};
        }
        EXPECT_EQ(list.front().annotations, std::vector<std::size_t>{position})
            << name_of(list.front().kind);
        return list.front();
    }

    Dataset dataset;
    std::vector<Result> results;
};

constexpr std::size_t kAny = 20;  // the cat of the eleventh image

TEST(Suspects, CleanDatasetHasNoLikelyOnes) {
    for (const bool masks : {true, false}) {
        for (const Suspect& suspect : Zoo(masks).suspects()) {
            EXPECT_LT(suspect.score, kLikely) << suspect.reason;
        }
    }
}

TEST(Suspects, FindsAMissingLabel) {
    Zoo zoo;
    zoo.dataset.annotations.erase(zoo.dataset.annotations.begin() + kAny);
    const auto list = zoo.suspects();
    ASSERT_FALSE(list.empty());
    EXPECT_EQ(list.front().kind, SuspectKind::missing);
    EXPECT_EQ(list.front().image_id, 11);
    EXPECT_TRUE(list.front().annotations.empty());
    EXPECT_GT(list.front().score, kLikely);
    EXPECT_EQ(list.front().reason, "cat (0.75) has no label");
    EXPECT_EQ(zoo.results[*list.front().result].category_id, kCat);
}

TEST(Suspects, CrowdsExplainDetections) {
    Zoo zoo;
    zoo.dataset.annotations[kAny].crowd = true;
    zoo.dataset.annotations[kAny].category_id = kDog;
    for (const Suspect& suspect : zoo.suspects()) {
        EXPECT_FALSE(suspect.image_id == 11 && suspect.score > kLikely) << suspect.reason;
        EXPECT_EQ(std::ranges::count(suspect.annotations, kAny), 0);
    }
}

TEST(Suspects, FindsAWrongCategory) {
    Zoo zoo;
    zoo.dataset.annotations[kAny].category_id = kDog;
    const Suspect suspect = zoo.first(kAny);
    EXPECT_EQ(suspect.kind, SuspectKind::category);
    EXPECT_GT(suspect.score, kLikely);
    EXPECT_EQ(suspect.reason, "looks like cat (0.75)");
}

TEST(Suspects, FindsAShiftedMask) {
    Zoo zoo;
    Annotation& label = zoo.dataset.annotations[kAny];
    label.box->x += 25;
    label.box->y += 30;
    label.segmentation = ellipse(*label.box);
    const Suspect suspect = zoo.first(kAny);
    EXPECT_EQ(suspect.kind, SuspectKind::mask);
    EXPECT_GT(suspect.score, kLikely);
    EXPECT_TRUE(suspect.result.has_value());
}

TEST(Suspects, FindsABoxInPlaceOfAMask) {
    Zoo zoo;
    Annotation& label = zoo.dataset.annotations[kAny];
    const auto [x, y, w, h] = *label.box;
    label.segmentation = {
        Segmentation::Format::polygons, {{x, y, x + w, y, x + w, y + h, x, y + h}}, {}};
    const Suspect suspect = zoo.first(kAny);
    EXPECT_EQ(suspect.kind, SuspectKind::mask);
    EXPECT_GT(suspect.score, kLikely);
}

TEST(Suspects, FindsDuplicatesOfAnyCategory) {
    for (const std::int64_t category : {kCat, kDog}) {
        Zoo zoo;
        Annotation second = zoo.dataset.annotations[kAny];
        second.id = 1000;
        second.category_id = category;
        zoo.dataset.annotations.push_back(second);
        const auto list = zoo.suspects();
        ASSERT_FALSE(list.empty());
        EXPECT_EQ(list.front().kind, SuspectKind::duplicate);
        EXPECT_EQ(list.front().annotations, (std::vector<std::size_t>{kAny, 80}));
        EXPECT_GT(list.front().score, 0.99);
        const auto repeated = std::ranges::count_if(list, [](const Suspect& suspect) {
            return std::ranges::count(suspect.annotations, kAny) > 0;
        });
        EXPECT_EQ(repeated, 1) << "a label is listed once";
    }
}

TEST(Suspects, FindsALabelWithoutAnObject) {
    for (const bool masks : {true, false}) {
        Zoo zoo(masks);
        Annotation extra = zoo.dataset.annotations[kAny];
        extra.id = 1000;
        extra.box = CocoBox{40, 260, 110, 120};
        extra.segmentation = masks ? ellipse(*extra.box) : Segmentation{};
        zoo.dataset.annotations.push_back(extra);
        const Suspect suspect = zoo.first(80);
        EXPECT_EQ(suspect.kind, SuspectKind::object);
        EXPECT_GT(suspect.score, kLikely);
        EXPECT_EQ(suspect.reason, "no cat is seen here");
    }
}

TEST(Suspects, NothingInNothingOut) {
    EXPECT_TRUE(find_suspects({}, {}).empty());
    Zoo zoo;
    zoo.dataset.annotations.clear();
    EXPECT_TRUE(zoo.suspects().empty()) << "no labels to learn from";
    Zoo blind;
    blind.results.clear();
    for (const Suspect& suspect : blind.suspects()) {
        EXPECT_LT(suspect.score, kLikely) << "a blind model contradicts nothing";
    }
}

TEST(Suspects, OptionsChoose) {
    Zoo zoo;
    zoo.dataset.annotations[kAny].category_id = kDog;
    zoo.dataset.annotations.erase(zoo.dataset.annotations.begin() + 30);
    const auto all = zoo.suspects({.least_score = 0});
    EXPECT_GT(all.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(all, std::ranges::greater{}, &Suspect::score));
    EXPECT_EQ(zoo.suspects({.least_score = 0, .most = 3}).size(), 3U);
    const auto missing = zoo.suspects({.kinds = {SuspectKind::missing}});
    ASSERT_FALSE(missing.empty());
    for (const Suspect& suspect : missing) {
        EXPECT_EQ(suspect.kind, SuspectKind::missing);
    }
    for (const SuspectKind kind : kSuspectKinds) {
        EXPECT_EQ(suspect_kind(name_of(kind)), kind);
    }
    EXPECT_FALSE(suspect_kind("other"));
}

TEST(Suspects, RefusesBadInput) {
    const Zoo zoo;
    EXPECT_EQ(testing::message_of([&] {
                  (void)zoo.suspects({.least_score = std::numeric_limits<double>::quiet_NaN()});
              }),
              "SuspectOptions::least_score nan: expected a number from 0 to 1");
    Zoo unknown;
    unknown.results.front().image_id = 99;
    EXPECT_NE(testing::message_of([&] { (void)unknown.suspects(); }).find("99"), std::string::npos);
    Zoo infinite;
    infinite.results[3].score = std::numeric_limits<double>::infinity();
    EXPECT_EQ(testing::message_of([&] { (void)infinite.suspects(); }),
              "results, detection 3: found the score inf: expected a number");
    Zoo twice;
    twice.dataset.images[1].id = 1;
    twice.results.clear();
    EXPECT_NE(testing::message_of([&] { (void)twice.suspects(); }).find("duplicate image id 1"),
              std::string::npos);
}

TEST(Suspects, BrokenLabelsAreLeftOut) {
    Zoo zoo;
    zoo.dataset.annotations[kAny].segmentation.rle.counts = {1, 2, 3};
    zoo.dataset.annotations[kAny + 1].box = CocoBox{0, 0, 0, 0};
    zoo.dataset.annotations[kAny + 1].segmentation = {};
    for (const Suspect& suspect : zoo.suspects({.least_score = 0})) {
        EXPECT_TRUE(std::isfinite(suspect.score));
        EXPECT_EQ(std::ranges::count(suspect.annotations, kAny + 1), 0);
    }
}

TEST(Logistic, TellsSamplesApart) {
    std::vector<suspects::Features> no;
    std::vector<suspects::Features> yes;
    for (int i = 0; i < 200; ++i) {
        no.push_back({0.01 * i, 5});
        yes.push_back({0.01 * i + 1, 5});
    }
    const std::vector<suspects::Features> again = yes;
    yes.insert(yes.end(), again.begin(), again.end());
    const suspects::Logistic logistic(no, yes);
    EXPECT_LT(logistic.log_ratio({0.2, 5}), -1);
    EXPECT_NEAR(logistic.log_ratio({1.495, 5}), 0, 0.1) << "twice as many do not matter";
    EXPECT_GT(logistic.log_ratio({2.8, 5}), 1);
}

}  // namespace
}  // namespace embedmask
