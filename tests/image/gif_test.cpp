// GIF files, written by giflib and by hand, and damaged ones.
#include <gif_lib.h>
#include <gtest/gtest.h>

#include <array>

#include "images.h"
#include "reading.h"

namespace embedmask {
namespace {

using testing::Bytes;
using testing::expect_error;
using testing::pixel;

struct GifSpec {
    ImageSize screen = {13, 9};
    ImageSize frame = {13, 9};
    int left = 0;
    int top = 0;
    bool interlaced = false;
    bool local_colors = false;
    int background = 3;
    int frames = 1;
    int transparent = NO_TRANSPARENT_COLOR;
};

GifColorType color(int index) {
    return {static_cast<GifByteType>(index * 15), static_cast<GifByteType>(255 - index * 9),
            static_cast<GifByteType>(index * index)};
}

unsigned color_number(int index) {
    const GifColorType c = color(index);
    return static_cast<unsigned>(c.Red << 16 | c.Green << 8 | c.Blue);
}

int index_at(int x, int y, int frame) {
    return (x * 3 + y * 5 + x * y + frame) % 16;
}

Bytes gif_file(const GifSpec& spec) {
    Bytes bytes;
    int error = 0;
    GifFileType* gif = EGifOpen(
        &bytes,
        [](GifFileType* file, const GifByteType* data, int size) {
            auto* out = static_cast<Bytes*>(file->UserData);
            out->insert(out->end(), data, data + size);
            return size;
        },
        &error);
    EGifSetGifVersion(gif, true);
    std::array<GifColorType, 16> colors{};
    for (int i = 0; i < 16; ++i) {
        colors[static_cast<std::size_t>(i)] = color(i);
    }
    ColorMapObject* map = GifMakeMapObject(16, colors.data());
    EXPECT_EQ(EGifPutScreenDesc(gif, spec.screen.width, spec.screen.height, 4, spec.background,
                                spec.local_colors ? nullptr : map),
              GIF_OK);
    EXPECT_EQ(EGifPutComment(gif, "a comment is passed over"), GIF_OK);
    for (int frame = 0; frame < spec.frames; ++frame) {
        const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 10, spec.transparent};
        std::array<GifByteType, 4> extension{};
        EGifGCBToExtension(&control, extension.data());
        EXPECT_EQ(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, extension.data()), GIF_OK);
        EXPECT_EQ(EGifPutImageDesc(gif, spec.left, spec.top, spec.frame.width, spec.frame.height,
                                   spec.interlaced, spec.local_colors ? map : nullptr),
                  GIF_OK);
        const std::array<std::pair<int, int>, 4> passes = {std::pair{0, 8}, std::pair{4, 8},
                                                           std::pair{2, 4}, std::pair{1, 2}};
        std::vector<int> rows;
        for (const auto& [first, step] : passes) {
            for (int y = first; y < spec.frame.height; y += step) {
                rows.push_back(y);
            }
        }
        for (int i = 0; i < spec.frame.height; ++i) {
            const int y = spec.interlaced ? rows[static_cast<std::size_t>(i)] : i;
            Bytes row;
            for (int x = 0; x < spec.frame.width; ++x) {
                row.push_back(static_cast<std::uint8_t>(index_at(x, y, frame)));
            }
            EXPECT_EQ(EGifPutLine(gif, row.data(), spec.frame.width), GIF_OK);
        }
    }
    EGifCloseFile(gif, &error);
    GifFreeMapObject(map);
    return bytes;
}

// Every pixel: that of the frame, or the background.
void expect_pixels(const GifSpec& spec, unsigned background) {
    const Image image = decode_image(gif_file(spec), "image");
    ASSERT_EQ(image.size, spec.screen);
    for (int y = 0; y < spec.screen.height; ++y) {
        for (int x = 0; x < spec.screen.width; ++x) {
            const int in_x = x - spec.left;
            const int in_y = y - spec.top;
            const bool covered =
                in_x >= 0 && in_y >= 0 && in_x < spec.frame.width && in_y < spec.frame.height;
            EXPECT_EQ(pixel(image, x, y),
                      covered ? color_number(index_at(in_x, in_y, 0)) : background)
                << x << ' ' << y;
        }
    }
}

TEST(Gif, TheFirstFrameIsRead) {
    expect_pixels({}, 0);
    expect_pixels({.interlaced = true}, 0);
    expect_pixels({.local_colors = true}, 0);
    expect_pixels({.frames = 3}, 0);
    expect_pixels({.screen = {1, 1}, .frame = {1, 1}}, 0);
    // Transparent pixels keep their colour, as everywhere.
    expect_pixels({.transparent = 5}, 0);
    EXPECT_EQ(image::read_form(gif_file({}), "image").size, (ImageSize{13, 9}));
}

TEST(Gif, FramesNeedNotCoverTheScreen) {
    expect_pixels({.screen = {20, 16}, .left = 3, .top = 5}, color_number(3));
    expect_pixels({.screen = {20, 16}, .left = 3, .top = 5, .local_colors = true}, 0);
    expect_pixels({.screen = {20, 16}, .left = 12, .top = 10}, color_number(3));
    expect_pixels({.screen = {20, 16}, .left = 300, .top = 200, .interlaced = true},
                  color_number(3));
    expect_pixels({.screen = {5, 4}}, 0);
}

// A header, a list of two colours, and what follows.
Bytes by_hand(ImageSize screen, const Bytes& rest) {
    Bytes bytes = {'G', 'I', 'F', '8', '9', 'a'};
    for (const int side : {screen.width, screen.height}) {
        bytes.push_back(static_cast<std::uint8_t>(side & 255));
        bytes.push_back(static_cast<std::uint8_t>(side >> 8));
    }
    bytes.insert(bytes.end(), {0x80, 0, 0, 1, 2, 3, 250, 251, 252});
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
}

Bytes frame_by_hand(int width, int height, const Bytes& codes) {
    Bytes bytes = {',', 0, 0, 0, 0};
    for (const int side : {width, height}) {
        bytes.push_back(static_cast<std::uint8_t>(side & 255));
        bytes.push_back(static_cast<std::uint8_t>(side >> 8));
    }
    bytes.insert(bytes.end(), {0, 2, static_cast<std::uint8_t>(codes.size())});
    bytes.insert(bytes.end(), codes.begin(), codes.end());
    bytes.insert(bytes.end(), {0, ';'});
    return bytes;
}

TEST(Gif, NumbersBeyondTheColorsAreBlack) {
    // Codes of three bits: clear, 1, 3, 0; then of four: end.
    constexpr unsigned kCodes = 4U | 1U << 3U | 3U << 6U | 0U << 9U | 5U << 12U;
    const Bytes packed = {kCodes & 255U, kCodes >> 8U};
    const Image image = decode_image(by_hand({3, 1}, frame_by_hand(3, 1, packed)), "image");
    EXPECT_EQ(pixel(image, 0, 0), 0xFAFBFCU);
    EXPECT_EQ(pixel(image, 1, 0), 0U);
    EXPECT_EQ(pixel(image, 2, 0), 0x010203U);
}

TEST(Gif, DamageIsAnError) {
    expect_error(by_hand({4, 4}, {';'}), "found a GIF file without an image | exclude it");
    expect_error(by_hand({4, 4}, {'?'}), "damaged or unsupported GIF file: ");
    expect_error(by_hand({0, 4}, {';'}), "the header says 0x4 pixels");
    expect_error(by_hand({4, 4}, frame_by_hand(0, 4, {0x2C})), "the header says 0x4 pixels");
    expect_error(by_hand({65535, 65535}, {';'}), "65535x65535 pixels, the limit is 178000000");
    expect_error(by_hand({4, 4}, frame_by_hand(65535, 65535, {0x2C})), "the limit is");
    expect_error(by_hand({4, 4}, frame_by_hand(12000, 12000, {0x2C})), "truncated GIF file");
    // A code that was never defined.
    expect_error(by_hand({4, 4}, frame_by_hand(4, 4, {0xFC, 0xFF, 0xFF, 0xFF})),
                 "damaged or unsupported GIF file");
    // The frame ends before its last row.
    expect_error(by_hand({9, 9}, frame_by_hand(9, 9, {0x8C, 0x2D, 0x99})), "GIF file");
    Bytes no_colors = by_hand({4, 4}, {});
    no_colors.resize(13);
    no_colors[10] = 0;
    const Bytes frame = frame_by_hand(4, 4, {0x2C});
    no_colors.insert(no_colors.end(), frame.begin(), frame.end());
    expect_error(no_colors, "damaged or unsupported GIF file: ");
}

TEST(Gif, CutsAndChangesAreHarmless) {
    const Bytes file = gif_file({});
    testing::expect_cuts_are_errors(file, file.size() - 12);
    testing::expect_changes_are_harmless(file);
    testing::expect_changes_are_harmless(gif_file({.interlaced = true, .local_colors = true}));
    expect_error({file.begin(), file.end() - 30}, "truncated GIF file");
}

}  // namespace
}  // namespace embedmask
