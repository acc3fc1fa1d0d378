// What label images mean, in every form that programs write them.
#include "data/formats/label_pixels.h"

#include <gtest/gtest.h>

#include "data/formats/voc_colors.h"
#include "image/label_png.h"
#include "test_data.h"

namespace embedmask::data {
namespace {

using testing::label_png;
using testing::message_of;
using testing::PngColor;
using Bits = std::vector<std::uint8_t>;
using Numbers = std::vector<std::uint32_t>;

constexpr ImageSize kRow{4, 1};

image::LabelImage picture(PngColor color, unsigned bits, const std::vector<std::uint16_t>& samples,
                          const std::vector<std::uint8_t>& palette = {}) {
    return image::decode_label_image(label_png(color, bits, kRow, samples, palette), "label");
}

Bits bits_of(const image::LabelImage& label) {
    return object_pixels(label, "m.png").bits;
}

TEST(MaskPixels, OneOtherValueIsTheObject) {
    const Bits object = {0, 1, 1, 0};
    EXPECT_EQ(bits_of(picture(PngColor::gray, 8, {0, 255, 255, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::gray, 8, {0, 1, 1, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::gray, 1, {0, 1, 1, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::gray, 16, {0, 1, 1, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::gray, 16, {0, 65535, 65535, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::palette, 8, {0, 1, 1, 0}, {0, 0, 0, 128, 0, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::palette, 8, {0, 1, 1, 0}, {0, 0, 0, 1, 1, 1})), object);
    EXPECT_EQ(bits_of(picture(PngColor::rgb, 8, {0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 0})), object)
        << "blue";
    EXPECT_EQ(bits_of(picture(PngColor::rgb, 8, {0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0})), object);
    EXPECT_EQ(bits_of(picture(PngColor::gray, 8, {0, 0, 0, 0})), (Bits{0, 0, 0, 0}));
    EXPECT_EQ(bits_of(picture(PngColor::gray, 8, {1, 1, 1, 1})), (Bits{1, 1, 1, 1}));
}

TEST(MaskPixels, BlackAndWhitePalettesGoByColor) {
    EXPECT_EQ(bits_of(picture(PngColor::palette, 1, {1, 0, 0, 1}, {255, 255, 255, 0, 0, 0})),
              (Bits{0, 1, 1, 0}));
}

TEST(MaskPixels, SmoothedEdgesHaveAThreshold) {
    EXPECT_EQ(bits_of(picture(PngColor::gray, 8, {0, 127, 128, 255})), (Bits{0, 0, 1, 1}));
    EXPECT_EQ(bits_of(picture(PngColor::gray, 16, {0, 32639, 32640, 65535})), (Bits{0, 0, 1, 1}));
    EXPECT_EQ(
        bits_of(picture(PngColor::palette, 8, {0, 1, 2, 2}, {0, 0, 0, 90, 90, 90, 255, 255, 255})),
        (Bits{0, 0, 1, 1}));
}

TEST(MaskPixels, TransparencyIsTheMaskOfOneColor) {
    const image::LabelImage label = picture(PngColor::gray_alpha, 8, {0, 0, 0, 255, 0, 255, 0, 0});
    EXPECT_EQ(bits_of(label), (Bits{0, 1, 1, 0}));
    EXPECT_NE(object_pixels(label, "m.png").rule.find("by opacity"), std::string::npos);
}

TEST(MaskPixels, OtherMeaningsAreErrors) {
    EXPECT_EQ(message_of([] {
                  (void)bits_of(picture(PngColor::gray, 8, {0, 1, 2, 0}));
              }),
              "m.png: no pixel above 127; the image has the values 0, 1, 2");
    EXPECT_EQ(message_of([] {
                  (void)bits_of(
                      picture(PngColor::palette, 8, {0, 1, 2, 0}, {0, 0, 0, 128, 0, 0, 0, 128, 0}));
              }),
              "m.png: found the palette indices 0, 1, 2: expected 0 and one other");
}

TEST(VocPixels, TheFormDecides) {
    EXPECT_EQ(voc_pixels(picture(PngColor::gray, 8, {0, 7, 128, 255}), "o.png").numbers,
              (Numbers{0, 7, 128, 0}));
    EXPECT_EQ(voc_pixels(picture(PngColor::gray, 16, {0, 255, 300, 65535}), "o.png").numbers,
              (Numbers{0, 255, 300, 0}));
    std::vector<std::uint8_t> palette;
    for (unsigned i = 0; i < 256; ++i) {
        const auto color = voc_color(i);
        palette.insert(palette.end(), color.begin(), color.end());
    }
    EXPECT_EQ(voc_pixels(picture(PngColor::palette, 8, {0, 7, 128, 255}, palette), "o.png").numbers,
              (Numbers{0, 7, 128, 0}));
    std::vector<std::uint16_t> colors;
    for (const unsigned i : {0U, 7U, 128U, 255U}) {
        const auto color = voc_color(i);
        colors.insert(colors.end(), color.begin(), color.end());
    }
    EXPECT_EQ(voc_pixels(picture(PngColor::rgb, 8, colors), "o.png").numbers,
              (Numbers{0, 7, 128, 0}));
    EXPECT_EQ(message_of([] {
                  (void)voc_pixels(
                      picture(PngColor::rgb, 8, {0, 0, 0, 128, 0, 0, 12, 128, 0, 0, 0, 0}),
                      "o.png");
              }),
              "o.png, pixel (2, 0): found the colour (12, 128, 0), which VOC does not have");
}

TEST(IdMapPixels, NothingIsVoid) {
    EXPECT_EQ(id_map_pixels(picture(PngColor::gray, 8, {0, 7, 128, 255}), "a.png").numbers,
              (Numbers{0, 7, 128, 255}));
    EXPECT_THROW((void)id_map_pixels(
                     picture(PngColor::rgb, 8, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0}), "a.png"),
                 Error);
}

TEST(IdMapPixels, EveryNumberHasItsMask) {
    const auto masks = masks_of({0, 3, 3, 9, 3, 0}, {3, 2});
    ASSERT_EQ(masks.size(), 2U);
    EXPECT_EQ(decode_rows(masks.at(3)), (Bits{0, 1, 1, 0, 1, 0}));
    EXPECT_EQ(decode_rows(masks.at(9)), (Bits{0, 0, 0, 1, 0, 0}));
}

}  // namespace
}  // namespace embedmask::data
