#include "mask/measure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "render/masks.h"

namespace embedmask::mask {
namespace {

using testing::drawn_mask;

Rle disc(double radius, double x_offset, double y_offset) {
    const int side = static_cast<int>(2 * radius) + 9;
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const double dx = x + x_offset - side / 2.0;
            const double dy = y + y_offset - side / 2.0;
            bits[static_cast<std::size_t>(y * side + x)] = std::hypot(dx, dy) <= radius ? 1 : 0;
        }
    }
    return encode_rows(bits, side, side);
}

TEST(Measure, ARectangle) {
    const Rle mask = drawn_mask({".......", ".####..", ".####..", ".####..", "......."});
    const Measurements found = measure(mask);
    EXPECT_EQ(found.area, 12);
    EXPECT_DOUBLE_EQ(found.centroid_x, 3);
    EXPECT_DOUBLE_EQ(found.centroid_y, 2.5);
    EXPECT_DOUBLE_EQ(found.feret_max, 5);  // the diagonal
    EXPECT_DOUBLE_EQ(found.feret_min, 3);
    // Lines cross the boundary of a pixel 4 times along its sides and 4 times along diagonals.
    EXPECT_NEAR(measure(drawn_mask({"#"})).perimeter,
                std::numbers::pi / 8 * (4 + 4 / std::numbers::sqrt2), 1e-12);
}

TEST(Measure, NothingOfNothing) {
    const Measurements found = measure(drawn_mask({"...", "..."}));
    EXPECT_EQ(found.area, 0);
    EXPECT_EQ(found.perimeter, 0);
    EXPECT_EQ(found.feret_max, 0);
}

// perimeter_crofton of scikit-image, with 4 directions.
TEST(Measure, PerimetersAreThoseOfAnotherProgram) {
    EXPECT_NEAR(measure(drawn_mask({"......", "...##.", "..###.", ".##.#.", "......"})).perimeter,
                11.836788979877545, 1e-9);
    EXPECT_NEAR(measure(drawn_mask({"............", ".####.......", ".#..#...##..", ".####...##..",
                                    "............"}))
                    .perimeter,
                23.213502367499782, 1e-9);
}

TEST(Measure, DiscsHaveTheLengthsOfCircles) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> offset(0, 1);
    for (const auto& [radius, error] : {std::pair(5.0, 0.04), {12.5, 0.02}, {40.0, 0.02}}) {
        for (int round = 0; round < 20; ++round) {
            SCOPED_TRACE(radius);
            const Measurements found = measure(disc(radius, offset(random), offset(random)));
            EXPECT_NEAR(found.perimeter / (2 * std::numbers::pi * radius), 1, error);
            EXPECT_NEAR(found.feret_max, 2 * radius, 1.5);
            EXPECT_NEAR(found.feret_min, 2 * radius, 1.5);
        }
    }
}

TEST(Measure, LongSidesAlongTheAxesAreShortByFivePerCent) {
    const std::vector<std::string> rows(80, std::string(200, '#'));
    EXPECT_NEAR(measure(drawn_mask(rows)).perimeter / 560, 0.95, 0.01);
}

// Against all pairs of corners, and all directions in steps.
TEST(Measure, FeretDiametersAreThoseOfAllCorners) {
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        SCOPED_TRACE(round);
        const int width = 1 + static_cast<int>(random() % 12);
        const int height = 1 + static_cast<int>(random() % 12);
        std::vector<std::uint8_t> bits(static_cast<std::size_t>(width * height));
        for (auto& bit : bits) {
            bit = random() % 4 == 0 ? 1 : 0;
        }
        bits[random() % bits.size()] = 1;
        std::vector<std::pair<int, int>> corners;
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                if (bits[static_cast<std::size_t>(y * width + x)] != 0) {
                    for (const auto& [dx, dy] : {std::pair(0, 0), {1, 0}, {0, 1}, {1, 1}}) {
                        corners.emplace_back(x + dx, y + dy);
                    }
                }
            }
        }
        double longest = 0;
        for (const auto& a : corners) {
            for (const auto& b : corners) {
                longest = std::max(longest, std::hypot(a.first - b.first, a.second - b.second));
            }
        }
        // The least width is across a side of the hull, so along a line through two corners.
        double least = 1e9;
        for (const auto& a : corners) {
            for (const auto& b : corners) {
                if (a == b) {
                    continue;
                }
                const double length = std::hypot(b.first - a.first, b.second - a.second);
                double low = 1e9;
                double high = -1e9;
                for (const auto& c : corners) {
                    const double across = ((b.first - a.first) * (c.second - a.second) -
                                           (b.second - a.second) * (c.first - a.first)) /
                                          length;
                    low = std::min(low, across);
                    high = std::max(high, across);
                }
                least = std::min(least, high - low);
            }
        }
        const Measurements found = measure(encode_rows(bits, height, width));
        EXPECT_NEAR(found.feret_max, longest, 1e-9);
        EXPECT_NEAR(found.feret_min, least, 1e-9);
        EXPECT_GE(found.feret_angle, 0);
        EXPECT_LT(found.feret_angle, 180);
    }
}

}  // namespace
}  // namespace embedmask::mask
