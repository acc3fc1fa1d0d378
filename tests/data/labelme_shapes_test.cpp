#include "data/formats/labelme_shapes.h"

#include <gtest/gtest.h>

#include "embedmask/polygon.h"
#include "image/label_png.h"
#include "test_data.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;
using testing::message_of;

constexpr ImageSize kImage{64, 48};

Json shape_of(const std::string& kind, const std::string& points) {
    return {{"label", "cat"}, {"shape_type", kind}, {"points", Json::parse(points)}};
}

std::uint64_t pixels_of(const Json& shape) {
    const auto found = labelme_area(shape, kImage);
    if (!found) {
        return 0;
    }
    return area(found->ring.empty() ? found->mask
                                    : rasterize_ring(found->ring, kImage.height, kImage.width));
}

std::string base64_of(const std::vector<std::uint8_t>& bytes) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = i; k < i + 3; ++k) {
            bits = bits << 8U | (k < bytes.size() ? bytes[k] : 0U);
        }
        for (unsigned k = 0; k < 4; ++k) {
            text += i + k > bytes.size() ? '=' : digits[bits >> (18 - 6 * k) & 63U];
        }
    }
    return text;
}

TEST(LabelmeShapes, HaveTheirAreas) {
    EXPECT_EQ(pixels_of(shape_of("rectangle", "[[5,5],[25,20]]")), 300U);
    EXPECT_EQ(pixels_of(shape_of("rectangle", "[[25,20],[5,5]]")), 300U);
    EXPECT_EQ(pixels_of(shape_of("rectangle", "[[5,5],[25,5],[25,20],[5,20]]")), 300U);
    EXPECT_EQ(pixels_of(shape_of("rotation", "[[5,5],[25,5],[25,20],[5,20]]")), 300U);
    EXPECT_EQ(pixels_of(shape_of("oriented_rectangle", "[[5,5],[25,5],[25,20],[5,20]]")), 300U);
    EXPECT_EQ(pixels_of({{"points", Json::parse("[[5,5],[25,5],[25,20],[5,20]]")}}), 300U);
    const std::uint64_t circle = pixels_of(shape_of("circle", "[[40,20],[50,20]]"));
    EXPECT_GE(circle, 300U);
    EXPECT_LE(circle, 320U);
    EXPECT_EQ(pixels_of(shape_of("circle", "[[40,20],[32,14]]")), circle) << "any point on it";
    for (const char* kind : {"point", "points", "line", "linestrip", "keypoint 3D"}) {
        EXPECT_FALSE(labelme_area(shape_of(kind, "[[1,2],[3,4]]"), kImage)) << kind;
    }
}

TEST(LabelmeShapes, MasksFillTheirBox) {
    const auto mask_shape = [](const std::string& points, const std::string& mask) {
        Json shape = shape_of("mask", points);
        shape["mask"] = mask;
        return shape;
    };
    const std::string mask =
        base64_of(testing::label_png(testing::PngColor::gray, 8, {3, 2}, {0, 1, 1, 1, 0, 0}));
    const auto found = labelme_area(mask_shape("[[10,20],[12,21]]", mask), kImage);
    ASSERT_TRUE(found);
    EXPECT_EQ(area(found->mask), 3U);
    EXPECT_EQ(bounding_box(found->mask), (CocoBox{10, 20, 3, 2}));
    EXPECT_EQ(area(labelme_area(mask_shape("[[62,47],[64,48]]", mask), kImage)->mask), 1U)
        << "cut at the border";
    EXPECT_EQ(area(labelme_area(mask_shape("[[-1,-1],[1,0]]", mask), kImage)->mask), 0U);
    const auto says = [&](const std::string& points, const std::string& text) {
        return message_of([&] { (void)labelme_area(mask_shape(points, text), kImage); });
    };
    EXPECT_NE(says("[[10,20],[12,21]]", "no base64!").find("base64"), std::string::npos);
    EXPECT_NE(says("[[10,20],[12,21]]", "TWFu").find("expected a PNG image"), std::string::npos);
    EXPECT_NE(says("[[10,20],[30,21]]", mask).find("found a mask of 3x2 pixels for a box of 21x2"),
              std::string::npos);
}

TEST(LabelmeShapes, NumbersOfPointsAreChecked) {
    const auto says = [](const char* kind, const char* points) {
        return message_of([&] { (void)labelme_area(shape_of(kind, points), kImage); });
    };
    EXPECT_EQ(says("polygon", "[[1,2],[3,4]]"),
              "found a polygon with 2 points: expected at least 3");
    EXPECT_EQ(says("rectangle", "[[1,2]]"), "found a rectangle with 1 point: expected 2 or 4");
    EXPECT_EQ(says("circle", "[[1,2]]"), "found a circle with 1 point: expected 2");
    EXPECT_NE(says("circle", "[[1,2],[1e300,4]]").find("radii"), std::string::npos);
    auto mask = shape_of("mask", "[[1,2],[3,4]]");
    mask["mask"] = "no base64 !!";
    EXPECT_EQ(message_of([&] { (void)labelme_area(mask, kImage); }),
              "mask: character 2: found byte 0x20: expected base64");
}

}  // namespace
}  // namespace embedmask::data
