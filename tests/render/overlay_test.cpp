#include "render/overlay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "embedmask/error.h"
#include "masks.h"
#include "render/canvas.h"
#include "render/font.h"

namespace embedmask::render {
namespace {

using testing::gray_image;
using testing::rectangle_mask;

Color pixel(const Image& image, int x, int y) {
    const std::uint8_t* p =
        image.rgb.data() + 3 * (static_cast<std::size_t>(y) * image.size.width + x);
    return {p[0], p[1], p[2]};
}

DrawnInstance instance(const Rle& mask, Box box, float score, Color color) {
    return {&mask, box, "person", score, 0, color};
}

TEST(Overlay, FillsTheMaskAndLeavesTheRest) {
    const Image image = gray_image({120, 90});
    const Rle mask = rectangle_mask(120, 90, 30, 40, 70, 80);
    const std::vector<DrawnInstance> instances{instance(mask, {30, 40, 70, 80}, 0.9F, {255, 0, 0})};
    const Image result = overlay(image, instances, {.fill_opacity = 0.5F, .labels = false});
    EXPECT_EQ(result.size, image.size);
    const Color inside = pixel(result, 50, 60);
    EXPECT_NEAR(inside.r, 178, 2);
    EXPECT_NEAR(inside.g, 50, 2);
    EXPECT_EQ(pixel(result, 20, 20), (Color{100, 100, 100}));
    const Color edge = pixel(result, 30, 60);
    EXPECT_GT(edge.r, 200) << "the contour is stronger than the fill";
}

TEST(Overlay, HigherScoreLiesOnTop) {
    const Image image = gray_image({60, 60});
    const Rle mask = rectangle_mask(60, 60, 10, 10, 50, 50);
    const std::vector<DrawnInstance> instances{instance(mask, {10, 10, 50, 50}, 0.9F, {255, 0, 0}),
                                               instance(mask, {10, 10, 50, 50}, 0.3F, {0, 0, 255})};
    const Image result = overlay(image, instances, {.fill_opacity = 0.8F, .labels = false});
    EXPECT_GT(pixel(result, 30, 30).r, pixel(result, 30, 30).b);
}

TEST(Overlay, EdgeCases) {
    const Image image = gray_image({40, 30});
    EXPECT_EQ(overlay(image, {}).rgb, image.rgb);
    const Rle empty{30, 40, {1200}};
    const Rle full{30, 40, {0, 1200}};
    const Rle other{30, 41, {1230}};
    const std::vector<DrawnInstance> odd{
        instance(empty, {-500, -500, -400, -400}, 0.5F, {1, 2, 3}),
        instance(full, {NAN, 0, INFINITY, 30}, NAN, {200, 200, 20})};
    EXPECT_NO_THROW((void)overlay(image, odd, {.boxes = true}));
    const std::vector<DrawnInstance> wrong{instance(other, {0, 0, 1, 1}, 0.5F, {1, 2, 3})};
    EXPECT_THROW((void)overlay(image, wrong), Error);
    const Rle dot{1, 1, {0, 1}};
    const std::vector<DrawnInstance> tiny{instance(dot, {0, 0, 1, 1}, 0.5F, {9, 9, 9})};
    EXPECT_NO_THROW((void)overlay(gray_image({1, 1}), tiny, {.boxes = true}));
}

// Plates are the only thing drawn here: their colour tells where they are.
TEST(Overlay, LabelsStayInsideAndApart) {
    const ImageSize size{300, 200};
    const Rle empty{200, 300, {60000}};
    const std::vector<Box> corners{{0, 0, 5, 5},         {290, 0, 300, 10},    {0, 190, 10, 200},
                                   {290, 190, 300, 200}, {100, 100, 140, 140}, {101, 101, 141, 141},
                                   {102, 102, 142, 142}};
    std::vector<int> counts;
    for (const auto& box : corners) {
        const std::vector<DrawnInstance> one{instance(empty, box, 0.97F, {255, 255, 0})};
        const Image result = overlay(gray_image(size, 0), one);
        int count = 0;
        for (std::size_t i = 0; i < result.rgb.size(); i += 3) {
            count += result.rgb[i] > 0 ? 1 : 0;
        }
        counts.push_back(count);
        EXPECT_EQ(count, counts.front()) << "a plate that is cut off has fewer pixels";
    }
    std::vector<DrawnInstance> all;
    for (const auto& box : corners) {
        all.push_back(instance(empty, box, 0.97F, {255, 255, 0}));
    }
    const Image result = overlay(gray_image(size, 0), all);
    int count = 0;
    for (std::size_t i = 0; i < result.rgb.size(); i += 3) {
        count += result.rgb[i] > 0 ? 1 : 0;
    }
    EXPECT_EQ(count, counts.front() * static_cast<int>(corners.size())) << "plates overlap";
}

TEST(Colors, OneCategoryIsToldApartByInstance) {
    const auto same = choose_colors(std::vector<int>{3, 3, 3});
    EXPECT_NE(same[0], same[1]);
    EXPECT_NE(same[1], same[2]);
    const auto mixed = choose_colors(std::vector<int>{3, 5, 3});
    EXPECT_EQ(mixed[0], mixed[2]);
    EXPECT_NE(mixed[0], mixed[1]);
    EXPECT_EQ(mixed[0], palette_color(3)) << "the same in every image";
    EXPECT_TRUE(choose_colors({}).empty());
    for (int i = 0; i < 80; ++i) {
        EXPECT_NE(palette_color(i), palette_color(i + 1));
    }
}

TEST(Colors, TextIsReadable) {
    EXPECT_EQ(contrasting_color({255, 255, 0}), (Color{0, 0, 0}));
    EXPECT_EQ(contrasting_color({40, 20, 120}), (Color{255, 255, 255}));
    int last = -1;
    for (int i = 0; i <= 20; ++i) {
        const Color color = heat_color(static_cast<float>(i) / 20.F);
        const int brightness = 2 * color.r + 5 * color.g + color.b;
        EXPECT_GT(brightness, last) << i;
        last = brightness;
    }
    EXPECT_EQ(heat_color(NAN), heat_color(0));
    EXPECT_EQ(heat_color(7), heat_color(1));
}

TEST(Font, EveryCharacterHasItsOwnShape) {
    std::set<std::string> shapes;
    for (char c = 32; c < 127; ++c) {
        std::string shape;
        for (int row = 0; row < font::kHeight + font::kDescent; ++row) {
            for (int column = 0; column < font::kWidth; ++column) {
                shape += font::dot(c, column, row) ? '#' : '.';
            }
        }
        EXPECT_TRUE(shapes.insert(shape).second) << c;
        EXPECT_EQ(shape.find('#') == std::string::npos, c == ' ') << c;
    }
    EXPECT_TRUE(font::dot('\xE4', 0, 0)) << "other characters show a frame";
    EXPECT_FALSE(font::dot('A', -1, 0));
    EXPECT_FALSE(font::dot('A', 0, 99));
}

TEST(Canvas, TextLeavesInkAndIgnoresTheOutside) {
    Image image = gray_image({60, 20}, 0);
    Canvas canvas(image);
    canvas.text(2, 3, 10, "Ag", {255, 255, 255});
    int bright = 0;
    for (const auto value : image.rgb) {
        bright += value > 200 ? 1 : 0;
    }
    EXPECT_GT(bright, 60);
    canvas.text(-500, -500, 10, "outside", {255, 0, 0});
    canvas.text(55, 15, 300, "huge", {255, 0, 0});
    EXPECT_EQ(text_width("", 10), 0);
    EXPECT_GT(text_width("ab", 10), text_width("a", 10));
}

}  // namespace
}  // namespace embedmask::render
