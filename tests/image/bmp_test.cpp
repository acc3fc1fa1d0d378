// BMP files, written here by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "images.h"
#include "reading.h"

namespace embedmask {
namespace {

using testing::Bytes;
using testing::expect_error;
using testing::pixel;

void put(Bytes& bytes, std::int64_t value, int size) {
    for (int i = 0; i < size; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

struct BmpSpec {
    std::int64_t width = 11;
    std::int64_t height = 5;  ///< negative: from the top
    unsigned bits = 24;
    unsigned header = 40;  ///< bytes
    unsigned compression = 0;
    std::vector<std::uint32_t> masks = {};
    std::vector<std::uint32_t> palette = {};  ///< 0xRRGGBB
    unsigned used = 0;                        ///< colours of the palette; 0: all
};

Bytes bmp_file(const BmpSpec& spec, const Bytes& pixels) {
    Bytes info;
    put(info, spec.header, 4);
    if (spec.header == 12) {
        put(info, spec.width, 2);
        put(info, spec.height, 2);
        put(info, 1, 2);
        put(info, spec.bits, 2);
    } else {
        put(info, spec.width, 4);
        put(info, spec.height, 4);
        put(info, 1, 2);
        put(info, spec.bits, 2);
        if (spec.header >= 40) {
            put(info, spec.compression, 4);
            put(info, 0, 4);
            put(info, 2835, 4);
            put(info, 2835, 4);
            put(info, spec.used, 4);
            put(info, 0, 4);
        }
    }
    for (const std::uint32_t mask : spec.masks) {
        put(info, mask, 4);
    }
    info.resize(std::max<std::size_t>(info.size(), spec.header));
    for (const std::uint32_t color : spec.palette) {
        put(info, color, spec.header == 12 ? 3 : 4);
    }
    Bytes file = {'B', 'M'};
    put(file, static_cast<std::int64_t>(14 + info.size() + pixels.size()), 4);
    put(file, 0, 4);
    put(file, static_cast<std::int64_t>(14 + info.size()), 4);
    file.insert(file.end(), info.begin(), info.end());
    file.insert(file.end(), pixels.begin(), pixels.end());
    return file;
}

// Rows of pixels of `bits`, padded to four bytes; the first is the lowest unless `top_down`.
Bytes rows_of(const BmpSpec& spec, const std::function<std::uint32_t(int x, int y)>& value) {
    Bytes all;
    const int height = static_cast<int>(std::abs(spec.height));
    for (int row = 0; row < height; ++row) {
        const int y = spec.height < 0 ? row : height - 1 - row;
        Bytes bytes;
        unsigned filled = 8;
        for (int x = 0; x < spec.width; ++x) {
            if (spec.bits >= 8) {
                put(bytes, value(x, y), static_cast<int>(spec.bits / 8));
                continue;
            }
            if (filled == 8) {
                bytes.push_back(0);
                filled = 0;
            }
            filled += spec.bits;
            bytes.back() |= static_cast<std::uint8_t>(value(x, y) << (8 - filled));
        }
        bytes.resize((bytes.size() + 3) / 4 * 4);
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
}

std::uint32_t color_at(int x, int y) {
    return static_cast<std::uint32_t>(x * 0x070503 + y * 0x200A11) & 0xFFFFFFU;
}

void expect_pixels(const BmpSpec& spec, const Bytes& file,
                   const std::function<unsigned(int x, int y)>& expected) {
    const Image image = decode_image(file, "image");
    const int height = static_cast<int>(std::abs(spec.height));
    ASSERT_EQ(image.size, (ImageSize{static_cast<int>(spec.width), height}));
    EXPECT_EQ(image::read_form(file, "image").size, image.size);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < spec.width; ++x) {
            ASSERT_EQ(pixel(image, x, y), expected(x, y)) << x << ' ' << y;
        }
    }
}

TEST(Bmp, ColorsOfAllHeadersAndDirections) {
    for (const unsigned header : {12U, 16U, 40U, 52U, 56U, 64U, 108U, 124U}) {
        for (const int height : {5, -5}) {
            for (const unsigned bits : {24U, 32U}) {
                if (header == 12 && height < 0) {
                    continue;
                }
                SCOPED_TRACE(fmt::format("header {} height {} bits {}", header, height, bits));
                BmpSpec spec;
                spec.header = header;
                spec.height = height;
                spec.bits = bits;
                expect_pixels(spec, bmp_file(spec, rows_of(spec, color_at)), color_at);
            }
        }
    }
}

TEST(Bmp, Palettes) {
    for (const unsigned header : {12U, 40U, 124U}) {
        for (const unsigned bits : {1U, 4U, 8U}) {
            BmpSpec spec;
            spec.header = header;
            spec.bits = bits;
            const int count = 1 << bits;
            for (int i = 0; i < count; ++i) {
                spec.palette.push_back(color_at(i, 2 * i));
            }
            const auto index = [&](int x, int y) { return (x * 3 + y * 7) % count; };
            expect_pixels(
                spec,
                bmp_file(spec, rows_of(spec,
                                       [&](int x, int y) {
                                           return static_cast<std::uint32_t>(index(x, y));
                                       })),
                [&](int x, int y) { return spec.palette[static_cast<std::size_t>(index(x, y))]; });
        }
    }
    // Numbers beyond a short palette are black.
    BmpSpec spec;
    spec.bits = 8;
    spec.used = 2;
    spec.palette = {0x102030, 0x405060};
    const auto index = [](int x, int) { return static_cast<std::uint32_t>(x % 3); };
    expect_pixels(spec, bmp_file(spec, rows_of(spec, index)), [&](int x, int) {
        return x % 3 == 2 ? 0U : spec.palette[static_cast<std::size_t>(x) % 3];
    });
}

TEST(Bmp, BitFields) {
    const auto value = [](int x, int y) { return static_cast<std::uint32_t>(x * 3001 + y * 777); };
    BmpSpec spec;
    spec.bits = 16;
    const auto scaled = [](std::uint32_t part, std::uint32_t most) {
        return (part * 255 + most / 2) / most;
    };
    expect_pixels(spec, bmp_file(spec, rows_of(spec, value)), [&](int x, int y) {
        const std::uint32_t v = value(x, y);
        return scaled(v >> 10U & 31U, 31) << 16U | scaled(v >> 5U & 31U, 31) << 8U |
               scaled(v & 31U, 31);
    });
    for (const unsigned header : {40U, 56U, 124U}) {
        for (const unsigned compression : {3U, 6U}) {
            spec.header = header;
            spec.compression = compression;
            spec.bits = 16;
            spec.masks = {0xF800, 0x7E0, 0x1F, 0};
            expect_pixels(spec, bmp_file(spec, rows_of(spec, value)), [&](int x, int y) {
                const std::uint32_t v = value(x, y) & 0xFFFFU;
                return scaled(v >> 11U, 31) << 16U | scaled(v >> 5U & 63U, 63) << 8U |
                       scaled(v & 31U, 31);
            });
            // Ten bits each keep their upper eight.
            spec.bits = 32;
            spec.masks = {0x3FF00000, 0xFFC00, 0x3FF, 0};
            const auto wide = [](int x, int y) { return color_at(x, y) * 61U; };
            expect_pixels(spec, bmp_file(spec, rows_of(spec, wide)), [&](int x, int y) {
                const std::uint32_t v = wide(x, y);
                return (v >> 22U & 255U) << 16U | (v >> 12U & 255U) << 8U | (v >> 2U & 255U);
            });
            spec.masks = {0, 0xFFFFFFFF, 0, 0};
            expect_pixels(spec, bmp_file(spec, rows_of(spec, wide)),
                          [&](int x, int y) { return (wide(x, y) >> 24U) << 8U; });
            spec.masks = {0x3F000101, 1, 2, 0};
            expect_error(
                bmp_file(spec, rows_of(spec, wide)),
                "found a BMP file with the bit mask 0x3f000101: expected bits next to each "
                "other");
        }
    }
}

// Run lengths of eight bits, 4x3: 5 5 5 9 / 1 2 3 1 / a jump, 7.
const Bytes kRle8 = {3, 5, 1, 9, 0, 0, 0, 3, 1, 2, 3, 0, 1, 1, 0, 0, 0, 2, 2, 0, 1, 7, 0, 1};

BmpSpec packed_spec(unsigned bits) {
    BmpSpec spec;
    spec.width = 4;
    spec.height = 3;
    spec.bits = bits;
    spec.compression = bits == 8 ? 1 : 2;
    for (unsigned i = 0; i < 16; ++i) {
        spec.palette.push_back(0x010101U * i * 10);
    }
    spec.used = 16;
    return spec;
}

TEST(Bmp, RunLengths) {
    const unsigned rows[3][4] = {{0, 0, 7, 0}, {1, 2, 3, 1}, {5, 5, 5, 9}};  // from the top
    const auto expected = [&](int x, int y) { return 0x010101U * rows[y][x] * 10; };
    expect_pixels(packed_spec(8), bmp_file(packed_spec(8), kRle8), expected);
    // The same in pairs of four bits.
    const Bytes rle4 = {3,    0x55, 1, 0x90, 0, 0, 0, 3, 0x12, 0x30, 1,
                        0x10, 0,    0, 0,    2, 2, 0, 1, 0x70, 0,    1};
    expect_pixels(packed_spec(4), bmp_file(packed_spec(4), rle4), expected);
    // Pixels beyond the end of a row are left out.
    const Bytes full = {9, 5, 0, 0, 4, 6, 0, 0, 4, 7, 0, 1};
    expect_pixels(packed_spec(8), bmp_file(packed_spec(8), full),
                  [](int, int y) { return 0x010101U * 10 * static_cast<unsigned>(7 - y); });
}

TEST(Bmp, DamagedRunLengthsAreErrors) {
    const auto file = [](const Bytes& pixels) { return bmp_file(packed_spec(8), pixels); };
    expect_error(file({4, 5, 0, 0}), "truncated BMP file");
    expect_error(file({0, 9, 1, 2}), "truncated BMP file");
    expect_error(file({0, 2, 0, 200, 1, 1, 0, 1}), "damaged BMP file: pixels beyond the last row");
    testing::expect_cuts_are_errors(file(kRle8), file(kRle8).size() - 1);
    testing::expect_changes_are_harmless(file(kRle8));
}

TEST(Bmp, ImpossibleSizesCostNoMemory) {
    const auto file = [](std::int64_t width, std::int64_t height) {
        BmpSpec spec;
        spec.width = width;
        spec.height = height;
        return bmp_file(spec, Bytes(64));
    };
    constexpr std::int64_t kLeast = -2147483648;
    expect_error(file(0, 5), "the header says 0x5 pixels");
    expect_error(file(5, 0), "the header says 5x0 pixels");
    expect_error(file(-5, 5), "found a BMP file with a width of -5: expected a positive one");
    expect_error(file(5, kLeast), "the header says 5x2147483648 pixels, the limit is");
    expect_error(file(1, kLeast), "the limit is", {.max_pixels = 1ULL << 40});
    expect_error(file(2147483647, 2147483647), "the limit is 178000000 pixels");
    expect_error(file(13000, 13000), "truncated BMP file");
    expect_error(file(11, 5), "the limit is 54 pixels", {.max_pixels = 54});
}

TEST(Bmp, WhatIsNotSupportedIsNamed) {
    const auto with = [](unsigned header, unsigned bits, unsigned compression) {
        BmpSpec other;
        other.header = header;
        other.bits = bits;
        other.compression = compression;
        return bmp_file(other, Bytes(300));
    };
    expect_error(with(200, 24, 0),
                 "found a BMP file with a header of 200 bytes: expected 12, 16, or 40 to 124");
    expect_error(with(40, 23, 0), "23 bits per pixel: expected 1, 4, 8, 16, 24 or 32");
    expect_error(with(40, 24, 4),
                 "compression 4 and 24 bits per pixel: expected none, run lengths");
    expect_error(with(40, 8, 2), "compression 2 and 8 bits per pixel");
    expect_error(with(64, 16, 3), "compression 3 and 16 bits per pixel");
}

TEST(Bmp, CutsAndChangesAreHarmless) {
    const BmpSpec spec;
    const Bytes file = bmp_file(spec, rows_of(spec, color_at));
    // The padding of the last row may be missing: 3 bytes.
    testing::expect_cuts_are_errors(file, file.size() - 4);
    testing::expect_changes_are_harmless(file);
    expect_error({file.begin(), file.end() - 9}, "truncated BMP file | copy or download it again");
    Bytes far = file;
    far[13] = 0x7F;  // pixels begin beyond the file
    expect_error(far, "truncated BMP file");
}

}  // namespace
}  // namespace embedmask
