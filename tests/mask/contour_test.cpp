#include "mask/contour.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "mask/filled_rings.h"
#include "mask/region.h"
#include "render/masks.h"

namespace embedmask::mask {
namespace {

using testing::drawn_mask;
using testing::fill;
using testing::to_rle;

std::vector<Ring> all_rings(const std::vector<Polygon>& polygons) {
    std::vector<Ring> rings;
    for (const Polygon& polygon : polygons) {
        rings.push_back(polygon.outer);
        rings.insert(rings.end(), polygon.holes.begin(), polygon.holes.end());
    }
    return rings;
}

// Positive when clockwise on the screen.
float signed_area(const Ring& ring) {
    float sum = 0;
    for (std::size_t i = 0; i < ring.size(); ++i) {
        const Point a = ring[i];
        const Point b = ring[(i + 1) % ring.size()];
        sum += a.x * b.y - b.x * a.y;
    }
    return sum / 2;
}

TEST(Trace, PixelEdgesOfARectangle) {
    const auto polygons = trace(testing::rectangle_mask(9, 7, 2, 1, 5, 4));
    ASSERT_EQ(polygons.size(), 1U);
    EXPECT_TRUE(polygons[0].holes.empty());
    EXPECT_EQ(polygons[0].outer, (Ring{{5, 1}, {5, 4}, {2, 4}, {2, 1}}));
}

TEST(Trace, HolesIslandsAndCorners) {
    const auto polygons = trace(drawn_mask({"#######.",  //
                                            "#.....#.",  //
                                            "#.###.#.",  //
                                            "#.#.#.#.",  //
                                            "#.###.#.",  //
                                            "#.....#.",  //
                                            "#######.",  //
                                            ".......#"}));
    ASSERT_EQ(polygons.size(), 3U) << "ring, island, and the pixel that touches only a corner";
    ASSERT_EQ(polygons[0].holes.size(), 1U);
    ASSERT_EQ(polygons[1].holes.size(), 1U);
    EXPECT_EQ(signed_area(polygons[0].outer), 49);
    EXPECT_EQ(signed_area(polygons[0].holes[0]), -25);
    EXPECT_EQ(signed_area(polygons[1].outer), 9);
    EXPECT_EQ(signed_area(polygons[1].holes[0]), -1);
    EXPECT_EQ(signed_area(polygons[2].outer), 1);
}

TEST(Trace, EmptyAndFull) {
    EXPECT_TRUE(trace({4, 5, {20}}).empty());
    EXPECT_TRUE(trace({0, 0, {}}).empty());
    const auto full = trace({4, 5, {0, 20}});
    ASSERT_EQ(full.size(), 1U);
    EXPECT_EQ(signed_area(full[0].outer), 20);
    EXPECT_THROW((void)trace({4, 5, {19}}), Error);
}

TEST(Trace, FillingGivesBackTheMask) {
    std::mt19937 random(11);
    for (int round = 0; round < 200; ++round) {
        const int width = 1 + static_cast<int>(random() % 24);
        const int height = 1 + static_cast<int>(random() % 24);
        std::vector<std::uint8_t> bits(static_cast<std::size_t>(width) * height);
        const unsigned density = 1 + random() % 9;
        for (auto& bit : bits) {
            bit = random() % 10 < density ? 1 : 0;
        }
        const auto polygons = trace(to_rle(bits, width, height));
        ASSERT_EQ(fill(all_rings(polygons), width, height), bits);
        for (const Polygon& polygon : polygons) {
            ASSERT_GT(signed_area(polygon.outer), 0);
            for (const Ring& hole : polygon.holes) {
                ASSERT_LT(signed_area(hole), 0);
            }
        }
    }
}

TEST(Simplify, StaysWithinTheTolerance) {
    std::vector<std::uint8_t> bits(100 * 80);
    for (int y = 0; y < 80; ++y) {
        for (int x = 0; x < 100; ++x) {
            bits[y * 100 + x] = (x - 50) * (x - 50) + 2 * (y - 40) * (y - 40) < 1800 ? 1 : 0;
        }
    }
    const Ring ring = trace(to_rle(bits, 100, 80))[0].outer;
    const Ring smaller = simplify(ring, 1);
    EXPECT_LT(smaller.size(), ring.size() / 3);
    EXPECT_NEAR(signed_area(smaller), signed_area(ring), 0.03 * signed_area(ring));
    EXPECT_EQ(simplify(ring, 0), ring);
    EXPECT_EQ(simplify(ring, 1000).size(), 3U);
    const auto again = fill({smaller}, 100, 80);
    int different = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        different += bits[i] != again[i] ? 1 : 0;
    }
    EXPECT_LT(different, 80);
}

}  // namespace
}  // namespace embedmask::mask
