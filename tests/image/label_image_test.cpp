#include "image/label_image.h"

#include <gtest/gtest.h>

#include "image/images.h"
#include "image/label_png.h"
#include "image/orientation.h"
#include "image/stored_image.h"
#include "test_data.h"

namespace embedmask::image {
namespace {

using testing::label_png;
using testing::message_of;
using testing::PngColor;
using Values = std::vector<std::uint32_t>;

constexpr ImageSize kTiny{2, 2};

LabelImage decoded(const std::vector<std::uint8_t>& file) {
    return decode_label_image(file, "label");
}

TEST(LabelImage, GreyValuesAreNotScaled) {
    EXPECT_EQ(decoded(label_png(PngColor::gray, 1, kTiny, {0, 1, 1, 0})).values,
              (Values{0, 1, 1, 0}));
    EXPECT_EQ(decoded(label_png(PngColor::gray, 4, kTiny, {0, 7, 15, 1})).values,
              (Values{0, 7, 15, 1}));
    EXPECT_EQ(decoded(label_png(PngColor::gray, 8, kTiny, {0, 128, 7, 255})).values,
              (Values{0, 128, 7, 255}));
    const LabelImage wide = decoded(label_png(PngColor::gray, 16, kTiny, {0, 1, 300, 65535}));
    EXPECT_EQ(wide.values, (Values{0, 1, 300, 65535}));
    EXPECT_EQ(wide.bits, 16);
    EXPECT_EQ(wide.form, LabelForm::gray);
    EXPECT_EQ(decoded(encode_png(std::vector<std::uint16_t>{0, 1, 300, 65535}, kTiny)).values,
              wide.values);
}

TEST(LabelImage, PaletteIndicesAreNotColors) {
    const std::vector<std::uint8_t> palette = {9, 9, 9, 255, 0, 0, 0, 255, 1};
    for (const unsigned bits : {2U, 4U, 8U}) {
        const LabelImage label =
            decoded(label_png(PngColor::palette, bits, kTiny, {0, 1, 2, 1}, palette));
        EXPECT_EQ(label.form, LabelForm::palette);
        EXPECT_EQ(label.values, (Values{0, 1, 2, 1}));
        EXPECT_EQ(label.palette, (Values{0x090909, 0xFF0000, 0x00FF01}));
    }
}

TEST(LabelImage, ColorsAndAlphaAreApart) {
    const LabelImage label = decoded(label_png(
        PngColor::rgba, 8, kTiny, {1, 2, 3, 0, 1, 2, 3, 255, 4, 5, 6, 7, 255, 255, 255, 1}));
    EXPECT_EQ(label.form, LabelForm::color);
    EXPECT_EQ(label.values, (Values{0x010203, 0x010203, 0x040506, 0xFFFFFF}));
    EXPECT_EQ(label.alpha, (std::vector<std::uint8_t>{0, 255, 7, 1}));
    const LabelImage opaque =
        decoded(label_png(PngColor::gray_alpha, 8, kTiny, {1, 255, 2, 255, 3, 255, 4, 255}));
    EXPECT_EQ(opaque.values, (Values{1, 2, 3, 4}));
    EXPECT_TRUE(opaque.alpha.empty()) << "says nothing";
}

TEST(LabelImage, OtherFilesAreErrors) {
    EXPECT_NE(message_of([] {
                  (void)decoded({'B', 'M', 0, 0});
              }).find("expected a PNG image"),
              std::string::npos);
    auto cut = label_png(PngColor::gray, 8, kTiny, {0, 1, 2, 3});
    cut.resize(cut.size() - 20);
    EXPECT_NE(message_of([&] { (void)decoded(cut); }).find("truncated"), std::string::npos);
    EXPECT_NE(
        message_of([] {
            (void)decode_label_image(label_png(PngColor::gray, 8, kTiny, {0, 1, 2, 3}), "label", 3);
        }).find("the limit is 3 pixels"),
        std::string::npos);
}

TEST(StoredForm, IsInTheHeader) {
    const Image stored{{16, 8}, std::vector<std::uint8_t>(3UL * 16 * 8, 90)};
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const auto file = testing::turned_jpeg(stored, orientation);
        const StoredForm form = read_form(file, "image");
        EXPECT_EQ(form.size, stored.size);
        EXPECT_EQ(form.orientation, orientation);
        EXPECT_EQ(decode_image(file, "image").size, oriented_size(stored.size, orientation));
    }
    EXPECT_EQ(read_form(encode_png(stored), "image").size, stored.size);
}

TEST(StoredForm, IsInPngFilesToo) {
    for (const auto& item : testing::image_cases("decode")) {
        if (!item["name"].get<std::string>().ends_with("orientation 6")) {
            continue;
        }
        SCOPED_TRACE(item["name"].get<std::string>());
        const auto file = testing::from_hex(item["file"]);
        EXPECT_EQ(read_form(file, "image").orientation, 6);
        // The upright size is in the case; a label image is turned like any image.
        const ImageSize upright{item["width"], item["height"]};
        EXPECT_EQ(read_form(file, "image").size, (ImageSize{upright.height, upright.width}));
        if (file[0] == 0x89) {
            EXPECT_EQ(decode_label_image(file, "label").size, upright);
        }
    }
}

// A record's size decides; where both fit, what the record says.
TEST(StoredForm, RecordsDecideWhetherToTurn) {
    const auto turn = [](ImageSize recorded, bool upright, ImageSize stored, int orientation) {
        return orientation_for({.expected_size = recorded, .expected_upright = upright}, stored,
                               orientation, "image");
    };
    for (const bool upright : {false, true}) {
        EXPECT_EQ(turn({16, 8}, upright, {16, 8}, 6), 1);
        EXPECT_EQ(turn({8, 16}, upright, {16, 8}, 6), 6);
        EXPECT_EQ(turn({16, 8}, upright, {16, 8}, 3), upright ? 3 : 1);
        EXPECT_EQ(turn({8, 8}, upright, {8, 8}, 6), upright ? 6 : 1);
        EXPECT_THROW((void)turn({9, 9}, upright, {16, 8}, 6), Error);
    }
}

}  // namespace
}  // namespace embedmask::image
