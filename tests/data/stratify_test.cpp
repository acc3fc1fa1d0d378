#include "data/stratify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace embedmask::data {
namespace {

using Images = std::vector<ObjectCounts>;

std::size_t count_of(const std::vector<bool>& val) {
    return static_cast<std::size_t>(std::ranges::count(val, true));
}

/// Images of a category on each side: {train, val}.
std::array<int, 2> sides_of(const Images& images, const std::vector<bool>& val,
                            std::int64_t category) {
    std::array<int, 2> sides{};
    for (std::size_t i = 0; i < images.size(); ++i) {
        sides.at(val[i] ? 1 : 0) += images[i].contains(category) ? 1 : 0;
    }
    return sides;
}

TEST(Stratify, KeepsTheShareWithManyRareCategories) {
    Images pairs;  // 10 categories with 2 objects each
    for (int i = 0; i < 20; ++i) {
        pairs.push_back({{i / 2, 1}});
    }
    EXPECT_EQ(count_of(stratified_choice(pairs, 0.2, 1)), 4U);
    const auto half = stratified_choice(pairs, 0.5, 1);
    EXPECT_EQ(count_of(half), 10U);
    for (int category = 0; category < 10; ++category) {
        EXPECT_EQ(sides_of(pairs, half, category), (std::array{1, 1})) << category;
    }

    Images everything(4);  // 80 categories in every image
    for (ObjectCounts& image : everything) {
        for (int category = 0; category < 80; ++category) {
            image[category] = 1;
        }
    }
    EXPECT_EQ(count_of(stratified_choice(everything, 0.2, 1)), 1U);

    const Images uneven{{{1, 30}}, {{1, 1}}, {{1, 1}}, {{1, 1}}, {{1, 1}}};
    for (const std::uint64_t seed : {1, 2, 3}) {
        EXPECT_EQ(count_of(stratified_choice(uneven, 0.2, seed)), 1U) << seed;
    }

    std::mt19937 random(7);
    Images many(300);  // 20,000 categories
    for (int i = 0; i < 60000; ++i) {
        ++many[random() % many.size()][static_cast<std::int64_t>(random() % 20000)];
    }
    EXPECT_EQ(count_of(stratified_choice(many, 0.2, 1)), 60U);
}

TEST(Stratify, EveryCategoryOfTwoImagesIsOnBothSides) {
    std::mt19937 random(11);
    Images images(1000);
    for (int i = 0; i < 900; ++i) {
        images[i][0] = 1 + static_cast<int>(random() % 5);
    }
    for (int category = 1; category < 120; ++category) {
        images[random() % 1000][category] = 1;
        images[random() % 1000][category] = 1;
    }
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto val = stratified_choice(images, 0.2, seed);
        EXPECT_EQ(count_of(val), 200U);
        for (int category = 0; category < 120; ++category) {
            const auto [train, in_val] = sides_of(images, val, category);
            if (train + in_val > 1) {
                EXPECT_GT(train, 0) << category;
                EXPECT_GT(in_val, 0) << category;
            }
        }
    }
}

TEST(Stratify, SharesOfCommonCategoriesAreEqual) {
    std::mt19937 random(5);
    Images images(500);
    std::map<std::int64_t, double> total;
    for (ObjectCounts& image : images) {
        for (int k = 0; k < 3; ++k) {
            const auto category = static_cast<std::int64_t>(random() % 10);
            const int objects = 1 + static_cast<int>(random() % 8);
            image[category] += objects;
            total[category] += objects;
        }
    }
    const auto val = stratified_choice(images, 0.3, 1);
    std::map<std::int64_t, double> chosen;
    for (std::size_t i = 0; i < images.size(); ++i) {
        for (const auto& [category, count] : images[i]) {
            chosen[category] += val[i] ? count : 0;
        }
    }
    for (const auto& [category, objects] : total) {
        EXPECT_NEAR(chosen[category] / objects, 0.3, 0.02) << category;
    }
}

TEST(Stratify, ImagesWithoutObjectsAreSharedOut) {
    Images images(100);
    for (int i = 0; i < 10; ++i) {
        images[i] = {{1, 1}};
    }
    const auto val = stratified_choice(images, 0.2, 1);
    EXPECT_EQ(count_of(val), 20U);
    EXPECT_EQ(sides_of(images, val, 1), (std::array{8, 2}));
}

TEST(Stratify, SmallestCases) {
    EXPECT_TRUE(stratified_choice({}, 0.5, 1).empty());
    EXPECT_EQ(count_of(stratified_choice(Images(1), 0.9, 1)), 0U) << "nothing to share";
    EXPECT_EQ(count_of(stratified_choice(Images{{{1, 1}}}, 0.9, 1)), 0U);
    for (const double fraction : {0.01, 0.99}) {
        EXPECT_EQ(count_of(stratified_choice(Images(2), fraction, 1)), 1U);
        EXPECT_EQ(count_of(stratified_choice(Images{{{1, 1}}, {}}, fraction, 1)), 1U);
        EXPECT_EQ(count_of(stratified_choice(Images{{{1, 1}}, {{2, 1}}}, fraction, 1)), 1U);
    }
    const Images same(50, {{1, 1}});
    EXPECT_EQ(stratified_choice(same, 0.2, 9), stratified_choice(same, 0.2, 9));
    EXPECT_NE(stratified_choice(same, 0.2, 9), stratified_choice(same, 0.2, 10));
}

}  // namespace
}  // namespace embedmask::data
