#include "mask/contour.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "embedmask/error.h"
#include "masks.h"
#include "render/labelme.h"
#include "mask/region.h"
#include "render/yolo.h"

namespace embedmask::render {
namespace {

using testing::drawn_mask;
using testing::to_rle;

// Even-odd filling of rings, sampled at pixel centres: independent of how they were traced.
std::vector<std::uint8_t> fill(const std::vector<Ring>& rings, int width, int height) {
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(width) * height);
    for (int y = 0; y < height; ++y) {
        const float centre = static_cast<float>(y) + 0.5F;
        for (int x = 0; x < width; ++x) {
            bool inside = false;
            for (const Ring& ring : rings) {
                for (std::size_t i = 0; i < ring.size(); ++i) {
                    const Point a = ring[i];
                    const Point b = ring[(i + 1) % ring.size()];
                    if ((a.y > centre) == (b.y > centre)) continue;
                    const float cross = a.x + (centre - a.y) / (b.y - a.y) * (b.x - a.x);
                    if (cross > static_cast<float>(x) + 0.5F) inside = !inside;
                }
            }
            bits[static_cast<std::size_t>(y) * width + x] = inside ? 1 : 0;
        }
    }
    return bits;
}

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

DrawnInstance instance_of(const Rle& mask, const char* label, int category) {
    return {&mask, {0, 0, 1, 1}, label, 0.875F, category, {}};
}

TEST(Labelme, OnePolygonPerPart) {
    const Rle two = drawn_mask({"##...", "##..#", "....#"});
    const Rle one = drawn_mask({".....", ".###.", "....."});
    const std::vector<DrawnInstance> instances{instance_of(two, "person", 0),
                                               instance_of(one, "traffic light", 9)};
    const auto file = nlohmann::json::parse(labelme_text("photos/a b.jpg", {5, 3}, instances, 0));
    EXPECT_EQ(file["imagePath"], "photos/a b.jpg");
    EXPECT_EQ(file["imageWidth"], 5);
    EXPECT_EQ(file["imageHeight"], 3);
    EXPECT_TRUE(file["imageData"].is_null());
    ASSERT_EQ(file["shapes"].size(), 3U);
    EXPECT_EQ(file["shapes"][0]["group_id"], 0);
    EXPECT_EQ(file["shapes"][1]["group_id"], 0);
    EXPECT_TRUE(file["shapes"][2]["group_id"].is_null());
    EXPECT_EQ(file["shapes"][2]["label"], "traffic light");
    EXPECT_EQ(file["shapes"][2]["shape_type"], "polygon");
    EXPECT_EQ(file["shapes"][2]["description"], "score 0.8750");
    EXPECT_EQ(file["shapes"][2]["points"], nlohmann::json::parse("[[4,1],[4,2],[1,2],[1,1]]"));
    EXPECT_NO_THROW((void)labelme_text("not\xFFutf8.jpg", {5, 3}, instances));
    EXPECT_THROW((void)labelme_text("a.jpg", {3, 5}, instances), Error);
}

TEST(Yolo, OneLinePerInstance) {
    const Rle two = drawn_mask({"##......", "##......", "........", "......##", "......##"});
    const Rle none{5, 8, {40}};
    const std::vector<DrawnInstance> instances{instance_of(none, "cat", 3),
                                               instance_of(two, "dog", 7)};
    std::istringstream text(yolo_text({8, 5}, instances, 0));
    std::string line;
    ASSERT_TRUE(std::getline(text, line)) << "a mask without pixels has no line";
    std::istringstream numbers(line);
    int category = -1;
    numbers >> category;
    EXPECT_EQ(category, 7);
    Ring ring;
    Point point;
    while (numbers >> point.x >> point.y) {
        EXPECT_GE(point.x, 0);
        EXPECT_LE(point.x, 1);
        ring.push_back({point.x * 8, point.y * 5});
    }
    EXPECT_EQ(ring.size(), 10U) << "4 + 4 corners and the way back";
    EXPECT_EQ(to_rle(fill({ring}, 8, 5), 8, 5), two) << "cuts have no area";
    EXPECT_FALSE(std::getline(text, line));
}

}  // namespace
}  // namespace embedmask::render
