// decode_image against Pillow (tests/data/images/decode.json), and everything it must refuse.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/orientation.h"
#include "images.h"
#include "test_data.h"

namespace embedmask {
namespace {

using testing::from_hex;
using testing::random_image;
using Bytes = std::vector<std::uint8_t>;

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what() + std::string(" | ") + error.fix();
    }
    ADD_FAILURE() << "expected an Error";
    return {};
}

std::string decode_message(const Bytes& bytes, const DecodeOptions& options = {}) {
    return message_of([&] { (void)decode_image(bytes, "image", options); });
}

void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "got: " << text << "\nexpected: " << part;
}

Bytes case_file(const std::string& name) {
    for (const auto& item : testing::image_cases("decode")) {
        if (item["name"] == name) {
            return from_hex(item["file"]);
        }
    }
    throw std::runtime_error("no case " + name);
}

TEST(Decode, EqualsPillowBitForBit) {
    const auto cases = testing::image_cases("decode");
    ASSERT_GE(cases.size(), 35U);
    for (const auto& item : cases) {
        SCOPED_TRACE(item["name"].get<std::string>());
        const Image image = decode_image(from_hex(item["file"]), "image");
        EXPECT_EQ(image.size, (ImageSize{item["width"], item["height"]}));
        EXPECT_EQ(image.rgb, from_hex(item["rgb"]));
    }
}

TEST(Decode, OrientationCanBeLeftAlone) {
    for (const char* kind : {"jpeg", "png"}) {
        const Bytes file = case_file(fmt::format("{} orientation 6", kind));
        const Image stored = decode_image(file, "image", {.orientation = Orientation::stored});
        const Image upright = decode_image(file, "image");
        EXPECT_EQ(upright.size, (ImageSize{stored.size.height, stored.size.width}));
        EXPECT_EQ(image::apply_orientation(stored, 6).rgb, upright.rgb);
    }
}

TEST(Decode, ExpectedSizeDecidesTheOrientation) {
    const Bytes file = case_file("jpeg orientation 6");  // 17x9 as stored
    const Image stored = decode_image(file, "image", {.orientation = Orientation::stored});
    DecodeOptions options;
    options.expected_size = ImageSize{17, 9};
    EXPECT_EQ(decode_image(file, "image", options).rgb, stored.rgb);
    options.expected_size = ImageSize{9, 17};
    EXPECT_EQ(decode_image(file, "image", options).size, (ImageSize{9, 17}));
    options.expected_size = ImageSize{10, 17};
    const std::string message = decode_message(file, options);
    expect_contains(message, "image: the image is 17x9 (9x17 after EXIF rotation)");
    expect_contains(message, "annotation file says 10x17");
    // Mirrored images keep their size, so their rows are used as stored.
    options.expected_size = ImageSize{17, 9};
    const Bytes mirrored = case_file("jpeg orientation 2");
    EXPECT_EQ(decode_image(mirrored, "image", options).rgb, stored.rgb);
}

TEST(Decode, OrientationsAreInverseOrCyclic) {
    const Image image = random_image({5, 3}, 1);
    for (const int twice : {1, 2, 3, 4, 5, 7}) {
        const Image back = image::apply_orientation(image::apply_orientation(image, twice), twice);
        EXPECT_EQ(back.rgb, image.rgb) << twice;
    }
    EXPECT_EQ(image::apply_orientation(image::apply_orientation(image, 6), 8).rgb, image.rgb);
}

TEST(Decode, EveryCutIsAnErrorThatNamesTheFile) {
    for (const char* name : {"jpeg 4:2:0", "jpeg progressive", "jpeg restart markers", "jpeg cmyk",
                             "png rgb 8 bit", "png rgb interlaced", "png palette 4 bit"}) {
        const Bytes file = case_file(name);
        for (std::size_t size = 0; size < file.size(); ++size) {
            SCOPED_TRACE(fmt::format("{} cut to {} bytes", name, size));
            const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
            expect_contains(decode_message(cut), "image: ");
        }
        const Bytes half(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() - 9));
        expect_contains(decode_message(half), "truncated");
    }
}

TEST(Decode, DamageIsAnError) {
    Bytes png = case_file("png rgb 8 bit");
    png[png.size() - 30] ^= 0x40;  // inside the pixels: the checksum no longer fits
    expect_contains(decode_message(png), "image: damaged or unsupported PNG file");
    Bytes jpeg = case_file("jpeg restart markers");
    bool damaged = false;
    for (std::size_t i = jpeg.size() - 3; i > 0 && !damaged; --i) {
        if (jpeg[i] != 0xFF || jpeg[i + 1] < 0xD0 || jpeg[i + 1] > 0xD7) {
            continue;
        }
        jpeg[i + 1] = 0xD0 + ((jpeg[i + 1] + 3) & 7);  // a restart marker out of order
        damaged = true;
    }
    ASSERT_TRUE(damaged);
    expect_contains(decode_message(jpeg), "image: damaged or unsupported JPEG file");
}

TEST(Decode, LyingHeadersCostNoMemory) {
    Bytes jpeg = case_file("jpeg 4:2:0");
    for (std::size_t i = 0; i + 9 < jpeg.size(); ++i) {
        if (jpeg[i] != 0xFF || jpeg[i + 1] != 0xC0) {
            continue;
        }
        jpeg[i + 5] = 0x2E;  // 11,794 rows of
        jpeg[i + 7] = 0x2E;  // 11,803 pixels: below the cap, beyond what 800 bytes can hold
    }
    expect_contains(decode_message(jpeg), "truncated");
    expect_contains(decode_message(jpeg, {.max_pixels = 1'000'000}),
                    "pixels, the limit is 1000000 pixels | if the image is really that large, "
                    "raise --max-pixels");

    Bytes png = case_file("png orientation 6");
    const std::string_view exif = "eXIf";
    const auto name = std::search(png.begin(), png.end(), exif.begin(), exif.end());
    ASSERT_NE(name, png.end());
    *(name - 4) = 0x7D;  // a chunk of 2 GB
    expect_contains(decode_message(png), "truncated");

    const Image image = random_image({8, 8}, 3);
    EXPECT_NO_THROW((void)decode_image(encode_png(image), "image", {.max_pixels = 64}));
    expect_contains(decode_message(encode_png(image), {.max_pixels = 63}),
                    "image: the header says 8x8 pixels, the limit is 63 pixels");
}

TEST(Decode, ScansAreCounted) {
    // A progressive file whose first scan is repeated: each copy visits every block again.
    const Bytes file = case_file("jpeg progressive");
    const auto marker = [&](std::size_t i) {
        return file[i] == 0xFF && file[i + 1] != 0 && (file[i + 1] & 0xF8) != 0xD0;
    };
    std::size_t scan = 0;
    while (!marker(scan) || file[scan + 1] != 0xDA) {
        ++scan;
    }
    std::size_t end = scan + 2;
    while (!marker(end)) {
        ++end;
    }
    const auto at = [&](std::size_t i) { return file.begin() + static_cast<std::ptrdiff_t>(i); };
    Bytes bomb(file.begin(), at(scan));
    for (int i = 0; i < 200; ++i) {
        bomb.insert(bomb.end(), at(scan), at(end));
    }
    bomb.insert(bomb.end(), at(end), file.end());
    expect_contains(decode_message(bomb), "more than 100 scans");
}

TEST(Decode, SaysWhatOtherFilesLookLike) {
    const auto message = [](std::string_view bytes) {
        return decode_message(Bytes(bytes.begin(), bytes.end()));
    };
    expect_contains(message(""), "image: the file is empty");
    expect_contains(message(std::string_view("\0\0\0\x18"
                                             "ftypheic",
                                             12)),
                    "HEIC");
    expect_contains(
        message(std::string_view("\0\0\0\x18"
                                 "ftypavif",
                                 12)),
        "AVIF image, expected a JPEG, PNG, WebP, TIFF, GIF, BMP or PNM image | convert");
    expect_contains(message("8BPS...."), "a Photoshop document");
    expect_contains(message("RIFF0000AVI LIST"), "a video");
    expect_contains(message("<!DOCTYPE html><html>"), "failed download");
    expect_contains(message("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull");
    expect_contains(message("hello"), "begins with 68 65 6c 6c 6f, expected a JPEG, PNG");
}

TEST(Decode, ARangeIsForMoreThanEightBits) {
    std::vector<std::uint16_t> samples;
    for (int i = 0; i < 300; ++i) {
        samples.push_back(static_cast<std::uint16_t>(i * 16));
    }
    const Bytes file = encode_png(samples, {20, 15});
    const Image twelve = decode_image(file, "image", {.range = SampleRange{0, 4095}});
    const Image middle = decode_image(file, "image", {.range = SampleRange{10, 90, true}});
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(twelve.rgb[3UL * i + 1], std::min(i, 255));
        // 10 and 90 percent of 0, 16, ..., 4784.
        const int expected = (i * 16 - 464) * 256 / (4304 - 464 + 1);
        EXPECT_EQ(middle.rgb[3UL * i], std::clamp(expected, 0, 255));
    }
    const Image image = random_image({9, 5}, 3);
    EXPECT_EQ(decode_image(encode_png(image), "image", {.range = SampleRange{0, 9}}).rgb,
              image.rgb);
    expect_contains(
        decode_message(file, {.range = SampleRange{5, 5}}),
        "DecodeOptions::range: found 5 to 5: expected finite numbers in ascending order");
}

TEST(Decode, FolderAndMissingFile) {
    const testing::TemporaryFolder folder;
    const auto jpg = folder.path() / "folder.jpg";
    std::filesystem::create_directory(jpg);
    expect_contains(message_of([&] { (void)read_image(jpg); }), "folder.jpg: is a folder");
    expect_contains(message_of([&] { (void)read_image(folder.path() / "no.png"); }), "no.png");
}

TEST(Exif, MalformedBlocksMeanUpright) {
    const auto orientation = [](std::string_view tiff) {
        return image::exif_orientation(
            {reinterpret_cast<const std::uint8_t*>(tiff.data()), tiff.size()});
    };
    const std::string good("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
    EXPECT_EQ(orientation(good), 6);
    const std::string little("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0", 22);
    EXPECT_EQ(orientation(little), 8);
    for (std::size_t size = 0; size < 20; ++size) {
        EXPECT_EQ(orientation(good.substr(0, size)), 1) << size;
    }
    std::string impossible = good;
    impossible[19] = 9;
    EXPECT_EQ(orientation(impossible), 1);
    std::string far = good;
    far[4] = far[5] = far[6] = far[7] = '\xFF';
    EXPECT_EQ(orientation(far), 1);
    std::string endless = good;
    endless[8] = endless[9] = '\xFF';
    endless[11] = 0;
    EXPECT_EQ(orientation(endless), 1);
}

TEST(Write, PngIsLosslessAndJpegIsClose) {
    const testing::TemporaryFolder folder;
    const Image noise = random_image({33, 21}, 4);
    write_png(folder.path() / "a.png", noise);
    const Image read = read_image(folder.path() / "a.png");
    EXPECT_EQ(read.size, noise.size);
    EXPECT_EQ(read.rgb, noise.rgb);

    Image smooth{{64, 48}, Bytes(3UL * 64 * 48)};
    for (std::size_t i = 0; i < smooth.rgb.size(); ++i) {
        smooth.rgb[i] = static_cast<std::uint8_t>(40 + i % 192 / 3 + i / 192);
    }
    write_jpeg(folder.path() / "a.jpg", smooth, 95);
    const Image back = read_image(folder.path() / "a.jpg");
    for (std::size_t i = 0; i < smooth.rgb.size(); ++i) {
        ASSERT_NEAR(back.rgb[i], smooth.rgb[i], 4);
    }
}

TEST(Write, SixteenBitGrayKeepsTheHighByteWhenReadBack) {
    const std::vector<std::uint16_t> ids{0, 1, 256, 0x1234, 65535, 300};
    const Bytes file = encode_png(ids, {3, 2});
    EXPECT_EQ(file[24], 16) << "bit depth";
    EXPECT_EQ(file[25], 0) << "colour type grey";
    const Image high = decode_image(file, "ids");
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(high.rgb[3 * i], ids[i] >> 8);
    }
}

TEST(Write, BadArgumentsAndUnwritableFolders) {
    const Image image = random_image({4, 4}, 5);
    EXPECT_THROW((void)encode_jpeg(image, 0), Error);
    EXPECT_THROW((void)encode_jpeg({{4, 4}, {}}), Error);
    EXPECT_THROW((void)encode_png({{0, 4}, {}}), Error);
    EXPECT_THROW((void)encode_png(std::vector<std::uint16_t>(3), {2, 2}), Error);
    EXPECT_THROW((void)encode_jpeg({{70000, 1}, Bytes(210000)}), Error);
    expect_contains(message_of([&] { write_png("/nonexistent-folder/a.png", image); }),
                    "/nonexistent-folder/a.png");
}

}  // namespace
}  // namespace embedmask
