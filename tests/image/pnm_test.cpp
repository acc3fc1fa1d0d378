// PNM files, written here by hand.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <string_view>

#include "images.h"
#include "reading.h"

namespace embedmask {
namespace {

using testing::Bytes;
using testing::expect_error;

Bytes file_of(std::string_view header, const Bytes& pixels = {}) {
    Bytes bytes(header.begin(), header.end());
    bytes.insert(bytes.end(), pixels.begin(), pixels.end());
    return bytes;
}

Bytes text(std::string_view content) {
    return file_of(content);
}

// The values of one channel after another in each pixel.
void expect_values(const Bytes& file, ImageSize size, const std::vector<int>& rgb,
                   const DecodeOptions& options = {}) {
    const Image image = decode_image(file, "image", options);
    EXPECT_EQ(image.size, size);
    EXPECT_EQ(std::vector<int>(image.rgb.begin(), image.rgb.end()), rgb);
    EXPECT_EQ(image::read_form(file, "image").size, size);
}

TEST(Pnm, Bitmaps) {
    const std::vector<int> expected = {255, 255, 255, 0,   0,   0,   0,   0,   0,
                                       0,   0,   0,   255, 255, 255, 255, 255, 255};
    expect_values(text("P1\n3 2\n0 1 1\n1 0 0\n"), {3, 2}, expected);
    expect_values(text("P1 # a comment\n3 # another\n2\n011100"), {3, 2}, expected);
    expect_values(file_of("P4\n3 2\n", {0x60, 0x80}), {3, 2}, expected);
    // Rows begin with a new byte, and bits after their end mean nothing.
    expect_values(file_of("P4 3 2 ", {0x7F, 0x9F}), {3, 2}, expected);
}

TEST(Pnm, GrayAndColors) {
    expect_values(text("P2\n2 1\n255\n7 250\n"), {2, 1}, {7, 7, 7, 250, 250, 250});
    expect_values(text("P3\n2 1 255 1 2 3\n# in between\n4 5 6"), {2, 1}, {1, 2, 3, 4, 5, 6});
    expect_values(file_of("P5\n2 1\n255\n", {7, 250}), {2, 1}, {7, 7, 7, 250, 250, 250});
    expect_values(file_of("P6\n2 1\n255\n", {1, 2, 3, 4, 5, 6}), {2, 1}, {1, 2, 3, 4, 5, 6});
    // A pixel may look like a comment.
    expect_values(file_of("P5\n#x\n2 1\n255 ", {'#', '\n'}), {2, 1}, {35, 35, 35, 10, 10, 10});
}

TEST(Pnm, OtherLargestValuesAreScaled) {
    for (int most = 1; most < 256; ++most) {
        const int value = most / 3;
        const int scaled = static_cast<int>(std::lround(value * 255.0 / most));
        expect_values(file_of(fmt::format("P5\n2 1\n{}\n", most),
                              {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(most)}),
                      {2, 1}, {scaled, scaled, scaled, 255, 255, 255});
    }
    // More than the largest value is the largest.
    expect_values(file_of("P5\n1 1\n15\n", {16}), {1, 1}, {255, 255, 255});
}

TEST(Pnm, TwoBytesPerSample) {
    expect_values(file_of("P5\n2 1\n65535\n", {0x12, 0x34, 0xFE, 0xFF}), {2, 1},
                  {0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE});
    // 12 bits.
    const Bytes twelve = file_of("P6\n1 1\n4095\n", {0x0F, 0xFF, 0x08, 0x00, 0x00, 0x1F});
    expect_values(twelve, {1, 1}, {255, 128, 1});
    expect_values(twelve, {1, 1}, {255, 255, 15}, {.range = SampleRange{0, 511}});
    expect_values(text("P2 3 1 1000 0 500 1000"), {3, 1}, {0, 0, 0, 127, 127, 127, 255, 255, 255});
    expect_values(text("P2 3 1 1000 0 500 1000"), {3, 1}, {0, 0, 0, 255, 255, 255, 255, 255, 255},
                  {.range = SampleRange{0, 255}});
    // A range is for more than 8 bits.
    expect_values(text("P2 2 1 255 9 10"), {2, 1}, {9, 9, 9, 10, 10, 10},
                  {.range = SampleRange{0, 20}});
}

TEST(Pnm, Pam) {
    const auto header = [](int depth, int most, const char* type) {
        return fmt::format("P7\nWIDTH 2\nHEIGHT 1\n# c\nDEPTH {}\nMAXVAL {}\nTUPLTYPE {}\nENDHDR\n",
                           depth, most, type);
    };
    expect_values(file_of(header(3, 255, "RGB"), {1, 2, 3, 4, 5, 6}), {2, 1}, {1, 2, 3, 4, 5, 6});
    expect_values(file_of(header(4, 255, "RGB_ALPHA"), {1, 2, 3, 0, 4, 5, 6, 9}), {2, 1},
                  {1, 2, 3, 4, 5, 6});
    expect_values(file_of(header(2, 255, "GRAYSCALE_ALPHA"), {1, 0, 4, 9}), {2, 1},
                  {1, 1, 1, 4, 4, 4});
    expect_values(file_of(header(1, 1, "BLACKANDWHITE"), {0, 1}), {2, 1}, {0, 0, 0, 255, 255, 255});
    expect_error(file_of(header(5, 255, "X"), Bytes(20)), "with 5 channels and a maximum of 255");
    expect_error(file_of(header(1, 0, "X"), Bytes(20)), "a maximum of 0: expected");
    expect_error(text("P7\nWIDTH 2\nCOLOR 3\n"), "found the key COLOR in a PAM header");
    expect_error(text("P7\nWIDTH 2\nDEPTH 1\nMAXVAL 1\nENDHDR\n\1\1"),
                 "the header says 2x0 pixels");
}

void put_float(Bytes& bytes, float value, bool little) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * (little ? i : 3 - i))));
    }
}

TEST(Pnm, Floats) {
    for (const bool little : {true, false}) {
        // The lowest row is the first.
        Bytes gray;
        for (const float value : {0.0F, 0.25F, 0.5F, 1.0F}) {
            put_float(gray, value, little);
        }
        const char* scale = little ? "-1.0" : "1.0";
        expect_values(file_of(fmt::format("Pf\n2 2\n{}\n", scale), gray), {2, 2},
                      {128, 128, 128, 255, 255, 255, 0, 0, 0, 64, 64, 64});
        Bytes color;
        for (const float value : {-4.0F, 0.0F, 4.0F}) {
            put_float(color, value, little);
        }
        const Bytes file = file_of(fmt::format("PF\n1 1\n{}\n", scale), color);
        expect_values(file, {1, 1}, {0, 128, 255});
        expect_values(file, {1, 1}, {64, 128, 192}, {.range = SampleRange{-8, 8}});
    }
    expect_error(file_of("Pf\n1 1\nzero\n", Bytes(4)), "found the scale zero in a PFM header");
    expect_error(file_of("Pf\n1 1\n0\n", Bytes(4)), "found the scale 0 in a PFM header");
}

TEST(Pnm, ImpossibleSizesCostNoMemory) {
    expect_error(text("P5\n0 4\n255\n"), "the header says 0x4 pixels");
    expect_error(text("P5\n99999999999999999999 1\n255\n"),
                 "found a number above 4294967295 in a PNM file: expected the width up to that");
    expect_error(text("P6\n4294967295 4294967295\n255\n"), "the limit is 178000000 pixels");
    expect_error(text("P6\n4294967295 1\n255\n"), "the limit is", {.max_pixels = 1ULL << 40});
    for (const char* header : {"P1\n13000 13000\n", "P2\n13000 13000\n255\n", "P4\n13000 13000\n",
                               "P6\n13000 13000\n255\n", "PF\n13000 13000\n1\n"}) {
        expect_error(text(header), "truncated PNM file");
    }
    expect_error(file_of("P5\n9 1\n255\n", Bytes(9)), "the limit is 8 pixels", {.max_pixels = 8});
}

TEST(Pnm, DamageIsAnError) {
    expect_error(text("P5\n2 x\n255\n"),
                 "found byte 0x78 in a PNM file: expected a number (the height)");
    expect_error(text("P5\n2 1\n65536\n"), "found a number above 65535 in a PNM file");
    expect_error(text("P5\n2 1\n0\n__"), "found a PNM file with a largest value of 0");
    expect_error(text("P2\n2 1\n99\n7 100"),
                 "found a number above 99 in a PNM file: expected a sample up to that");
    expect_error(text("P1\n2 1\n0 2"), "found byte 0x32 in a PBM file: expected 0 or 1");
    expect_error(text("P5\n2 1\n255x12"), "found byte 0x78 after a PNM header: expected a blank");
    expect_error(text("P3\n2 1\n255\n1 2 3 4 5 "),
                 "truncated PNM file | copy or download it again");
    expect_error(text("P3 # only a comment"), "truncated PNM file");
}

TEST(Pnm, CutsAndChangesAreHarmless) {
    const std::vector<Bytes> files = {
        text("P1\n3 2\n0 1 1\n1 0 0\n"),
        text("P3\n2 2\n255\n1 2 3 4 5 6 7 8 9 10 11 12\n"),
        file_of("P4\n9 2\n", Bytes(4, 0x5A)),
        file_of("P6\n3 2\n255\n", Bytes(18, 77)),
        file_of("P5\n3 2\n65535\n", Bytes(12, 77)),
        file_of("PF\n1 1\n-1.0\n", Bytes(12, 63)),
        file_of("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n", {1, 2})};
    for (const Bytes& file : files) {
        // The digits of the last number, and the end of its line, may be missing.
        testing::expect_cuts_are_errors(file, file.size() - 4);
        testing::expect_changes_are_harmless(file);
    }
}

}  // namespace
}  // namespace embedmask
