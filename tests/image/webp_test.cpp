// WebP files, written by libwebp, and damaged ones.
#include <gtest/gtest.h>
#include <webp/encode.h>

#include "image/orientation.h"
#include "images.h"
#include "reading.h"

namespace embedmask {
namespace {

using testing::Bytes;
using testing::expect_error;
using testing::pixel;

Bytes lossless(const Image& image) {
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeLosslessRGB(image.rgb.data(), image.size.width,
                                                   image.size.height, 3 * image.size.width, &data);
    Bytes bytes(data, data + size);
    WebPFree(data);
    return bytes;
}

void append(Bytes& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

void append(Bytes& bytes, const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes chunk(const std::string& name, const Bytes& content) {
    Bytes bytes(name.begin(), name.end());
    append(bytes, content.size(), 4);
    append(bytes, content);
    bytes.resize((bytes.size() + 1) / 2 * 2);
    return bytes;
}

Bytes riff(const Bytes& chunks) {
    Bytes bytes = {'R', 'I', 'F', 'F'};
    append(bytes, chunks.size() + 4, 4);
    append(bytes, {'W', 'E', 'B', 'P'});
    append(bytes, chunks);
    return bytes;
}

// The chunk of an image without its file.
Bytes pixels_of(const Bytes& file) {
    return {file.begin() + 12, file.end()};
}

Bytes canvas(unsigned flags, std::uint32_t width, std::uint32_t height) {
    Bytes content;
    append(content, flags, 4);
    append(content, width - 1, 3);
    append(content, height - 1, 3);
    return chunk("VP8X", content);
}

constexpr unsigned kAnimation = 2;
constexpr unsigned kExif = 8;

TEST(Webp, LosslessFilesComeBack) {
    for (const ImageSize size : {ImageSize{1, 1}, ImageSize{33, 21}, ImageSize{64, 3}}) {
        const Image image = testing::random_image(size, 5);
        const Image read = decode_image(lossless(image), "image");
        EXPECT_EQ(read.size, size);
        EXPECT_TRUE(read.rgb == image.rgb);
        EXPECT_EQ(image::read_form(lossless(image), "image").size, size);
    }
}

TEST(Webp, LossyFilesAreClose) {
    Image image{{40, 30}, {}};
    for (int i = 0; i < 40 * 30; ++i) {
        image.rgb.insert(image.rgb.end(), {static_cast<std::uint8_t>(60 + i % 40 * 2),
                                           static_cast<std::uint8_t>(90 + i / 40 * 2), 120});
    }
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeRGB(image.rgb.data(), 40, 30, 120, 95, &data);
    const Image read = decode_image(std::span(data, size), "image");
    WebPFree(data);
    ASSERT_EQ(read.size, image.size);
    for (std::size_t i = 0; i < image.rgb.size(); ++i) {
        ASSERT_NEAR(read.rgb[i], image.rgb[i], 8);
    }
}

TEST(Webp, AlphaIsDroppedWithoutBlending) {
    std::vector<std::uint8_t> rgba;
    for (int i = 0; i < 12; ++i) {
        rgba.insert(rgba.end(), {200, 100, 50, static_cast<std::uint8_t>(i * 20 + 1)});
    }
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), 4, 3, 16, &data);
    const Image read = decode_image(std::span(data, size), "image");
    WebPFree(data);
    for (int i = 0; i < 12; ++i) {
        EXPECT_EQ(pixel(read, i % 4, i / 4), 0xC86432U);
    }
}

TEST(Webp, OrientationsAreApplied) {
    const Image image = testing::random_image({7, 4}, 8);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const Bytes tiff = {'I',
                            'I',
                            42,
                            0,
                            8,
                            0,
                            0,
                            0,
                            1,
                            0,
                            0x12,
                            1,
                            3,
                            0,
                            1,
                            0,
                            0,
                            0,
                            static_cast<std::uint8_t>(orientation),
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0};
        Bytes marked = {'E', 'x', 'i', 'f', 0, 0};
        append(marked, tiff);
        for (const Bytes& exif : {tiff, marked}) {
            Bytes chunks = canvas(kExif, 7, 4);
            append(chunks, pixels_of(lossless(image)));
            append(chunks, chunk("EXIF", exif));
            const Bytes file = riff(chunks);
            EXPECT_TRUE(decode_image(file, "image").rgb ==
                        image::apply_orientation(image, orientation).rgb)
                << orientation;
            EXPECT_TRUE(decode_image(file, "image", {.orientation = Orientation::stored}).rgb ==
                        image.rgb);
            EXPECT_EQ(image::read_form(file, "image").orientation, orientation);
        }
    }
}

Bytes animation(std::uint32_t width, std::uint32_t height, const std::vector<Image>& frames,
                std::uint32_t x, std::uint32_t y) {
    Bytes chunks = canvas(kAnimation, width, height);
    append(chunks, chunk("ANIM", Bytes(6)));
    for (const Image& image : frames) {
        Bytes frame;
        append(frame, x / 2, 3);
        append(frame, y / 2, 3);
        append(frame, static_cast<std::uint64_t>(image.size.width) - 1, 3);
        append(frame, static_cast<std::uint64_t>(image.size.height) - 1, 3);
        append(frame, 100, 3);
        append(frame, 0, 1);
        append(frame, pixels_of(lossless(image)));
        append(chunks, chunk("ANMF", frame));
    }
    return riff(chunks);
}

TEST(Webp, TheFirstFrameOfAnAnimationIsRead) {
    const Image first = testing::random_image({6, 4}, 1);
    const Image second = testing::random_image({6, 4}, 2);
    EXPECT_TRUE(decode_image(animation(6, 4, {first, second}, 0, 0), "image").rgb == first.rgb);
    // A frame that covers a part of the image.
    const Image read = decode_image(animation(10, 8, {first}, 2, 4), "image");
    ASSERT_EQ(read.size, (ImageSize{10, 8}));
    for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 10; ++x) {
            const bool covered = x >= 2 && x < 8 && y >= 4;
            EXPECT_EQ(pixel(read, x, y), covered ? pixel(first, x - 2, y - 4) : 0U);
        }
    }
    expect_error(animation(6, 4, {first}, 2, 2), "damaged or unsupported WebP file");
    expect_error(animation(6, 4, {}, 0, 0), "WebP file");
}

TEST(Webp, BombsCostNoMemory) {
    // Lossless: 14 bits per side, then nothing.
    const auto bomb = [](std::uint32_t width, std::uint32_t height) {
        Bytes content = {0x2F};
        append(content, (width - 1) | (height - 1) << 14U, 4);
        append(content, Bytes(8));
        return riff(chunk("VP8L", content));
    };
    expect_error(bomb(16383, 16383),
                 "the header says 16383x16383 pixels, the limit is 178000000 pixels | if the image "
                 "is really that large, raise --max-pixels");
    expect_error(bomb(13000, 13000), "WebP file");
    expect_error(riff(canvas(kAnimation, 1 << 24, 128)), "16777216x128 pixels, the limit is");
    Bytes lossy = lossless(testing::random_image({8, 8}, 1));
    EXPECT_NO_THROW((void)decode_image(lossy, "image", {.max_pixels = 64}));
    expect_error(lossy, "8x8 pixels, the limit is 63", {.max_pixels = 63});
}

TEST(Webp, CutsAndChangesAreHarmless) {
    const Image image = testing::random_image({17, 9}, 4);
    const Bytes file = lossless(image);
    testing::expect_cuts_are_errors(file, file.size() - 1);
    testing::expect_changes_are_harmless(file);
    expect_error({file.begin(), file.end() - 9}, "truncated WebP file | copy or download it again");
    testing::expect_changes_are_harmless(animation(9, 9, {testing::random_image({5, 3}, 4)}, 2, 2));
}

}  // namespace
}  // namespace embedmask
