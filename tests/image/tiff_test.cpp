// TIFF files of every form, written by libtiff, and damaged ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "image/orientation.h"
#include "images.h"
#include "reading.h"
#include "tiff_files.h"

namespace embedmask {
namespace {

using testing::Bytes;
using testing::expect_error;
using testing::pixel;
using testing::tiff_file;
using testing::TiffSpec;

// Any number, different for neighbours, channels and pages.
int pattern(int x, int y, int channel, int page) {
    return 31 * x + 57 * y + 101 * channel + 11 * page + x * y;
}

double byte_pattern(int x, int y, int channel, int page) {
    return pattern(x, y, channel, page) % 256;
}

Image expected_image(ImageSize size, const std::function<int(int x, int y, int channel)>& value) {
    Image image{size, {}};
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            for (int c = 0; c < 3; ++c) {
                image.rgb.push_back(static_cast<std::uint8_t>(value(x, y, c)));
            }
        }
    }
    return image;
}

void expect_image(const Bytes& file, const std::function<int(int x, int y, int channel)>& value,
                  const DecodeOptions& options = {}) {
    const Image image = decode_image(file, "image", options);
    EXPECT_EQ(image.size, (TiffSpec().size));
    EXPECT_TRUE(image.rgb == expected_image(image.size, value).rgb);
}

TEST(Tiff, EveryLayoutHasTheSamePixels) {
    int files = 0;
    for (const unsigned compression :
         {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
          COMPRESSION_PACKBITS, COMPRESSION_ZSTD}) {
        for (const int tile : {0, 16}) {
            for (const unsigned planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
                for (const char* mode : {"wl", "wb", "wl8", "wb8"}) {
                    SCOPED_TRACE(fmt::format("compression {} tile {} planar {} {}", compression,
                                             tile, planar, mode));
                    TiffSpec spec;
                    spec.compression = compression;
                    spec.tile = tile;
                    spec.planar = planar;
                    spec.mode = mode;
                    if (compression == COMPRESSION_LZW) {
                        spec.predictor = PREDICTOR_HORIZONTAL;
                    }
                    expect_image(tiff_file(spec, byte_pattern),
                                 [](int x, int y, int c) { return pattern(x, y, c, 0) % 256; });
                    ++files;
                }
            }
        }
    }
    EXPECT_EQ(files, 96);
}

TEST(Tiff, GrayOfFewBits) {
    for (const unsigned bits : {1U, 2U, 4U, 8U}) {
        const int most = (1 << bits) - 1;
        const auto gray = [&](int x, int y, int) { return pattern(x, y, 0, 0) % (most + 1); };
        for (const int tile : {0, 16}) {
            TiffSpec spec;
            spec.bits = bits;
            spec.channels = 1;
            spec.tile = tile;
            spec.photometric = PHOTOMETRIC_MINISBLACK;
            const auto sample = [&](int x, int y, int, int) { return gray(x, y, 0); };
            expect_image(tiff_file(spec, sample),
                         [&](int x, int y, int) { return gray(x, y, 0) * 255 / most; });
            spec.photometric = PHOTOMETRIC_MINISWHITE;
            expect_image(tiff_file(spec, sample),
                         [&](int x, int y, int) { return 255 - gray(x, y, 0) * 255 / most; });
        }
    }
}

TEST(Tiff, FaxAndBitOrder) {
    for (const unsigned compression :
         {COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4}) {
        TiffSpec spec;
        spec.bits = 1;
        spec.channels = 1;
        spec.photometric = PHOTOMETRIC_MINISWHITE;
        spec.compression = compression;
        spec.tags = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB); };
        const auto bit = [](int x, int y) { return pattern(x, y, 0, 0) % 3 == 0 ? 1 : 0; };
        expect_image(tiff_file(spec, [&](int x, int y, int, int) { return bit(x, y); }),
                     [&](int x, int y, int) { return bit(x, y) == 1 ? 0 : 255; });
    }
}

TEST(Tiff, SixteenBitsKeepTheirHighByte) {
    for (const unsigned channels : {1U, 3U}) {
        for (const char* mode : {"wl", "wb"}) {
            for (const unsigned planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
                TiffSpec spec;
                spec.bits = 16;
                spec.channels = channels;
                spec.photometric = channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
                spec.mode = mode;
                spec.planar = planar;
                spec.compression = COMPRESSION_ADOBE_DEFLATE;
                const auto value = [](int x, int y, int c) {
                    return pattern(x, y, c, 0) * 97 % 65536;
                };
                const auto sample = [&](int x, int y, int c, int) { return value(x, y, c); };
                expect_image(tiff_file(spec, sample), [&](int x, int y, int c) {
                    return value(x, y, channels == 1 ? 0 : c) >> 8;
                });
            }
        }
    }
}

TEST(Tiff, TwelveBitsOfMicroscopes) {
    TiffSpec spec;
    spec.channels = 1;
    spec.photometric = PHOTOMETRIC_MINISBLACK;
    const auto value = [](int x, int y) { return pattern(x, y, 0, 0) * 13 % 4096; };
    const auto sample = [&](int x, int y, int, int) { return value(x, y); };
    // Packed, the type says it all.
    spec.bits = 12;
    expect_image(tiff_file(spec, sample), [&](int x, int y, int) { return value(x, y) >> 4; });
    // In 16 bits, the user has to.
    spec.bits = 16;
    const Bytes file = tiff_file(spec, sample);
    expect_image(file, [&](int x, int y, int) { return value(x, y) >> 8; });
    expect_image(file, [&](int x, int y, int) { return value(x, y) >> 4; },
                 {.range = SampleRange{0, 4095}});
    expect_image(file,
                 [&](int x, int y, int) { return std::clamp((value(x, y) - 1000) / 8, 0, 255); },
                 {.range = SampleRange{1000, 1000 + 8 * 256 - 1}});
}

// The least and the greatest value of a sample function, with the pattern of 19x13 pixels.
template <typename Sample>
std::pair<double, double> extremes(const Sample& sample) {
    double least = std::numeric_limits<double>::max();
    double greatest = -least;
    for (int y = 0; y < 13; ++y) {
        for (int x = 0; x < 19; ++x) {
            least = std::min(least, static_cast<double>(sample(x, y, 0, 0)));
            greatest = std::max(greatest, static_cast<double>(sample(x, y, 0, 0)));
        }
    }
    return {least, greatest};
}

TEST(Tiff, OtherWholeNumbersGoFromTheLeastToTheGreatest) {
    struct Type {
        unsigned bits;
        unsigned format;
        int offset;
        int factor;
    };
    for (const Type& type :
         {Type{32, SAMPLEFORMAT_UINT, 5, 100000}, Type{32, SAMPLEFORMAT_INT, -9000000, 10000},
          Type{16, SAMPLEFORMAT_INT, -3000, 5}, Type{8, SAMPLEFORMAT_INT, -100, 0}}) {
        TiffSpec spec;
        spec.bits = type.bits;
        spec.format = type.format;
        spec.channels = 1;
        spec.photometric = PHOTOMETRIC_MINISBLACK;
        const auto sample = [&](int x, int y, int, int) -> double {
            return type.factor == 0 ? type.offset + pattern(x, y, 0, 0) % 200
                                    : type.offset + type.factor * pattern(x, y, 0, 0);
        };
        const auto [least, greatest] = extremes(sample);
        expect_image(tiff_file(spec, sample), [&, low = least, high = greatest](int x, int y, int) {
            return static_cast<int>(
                std::floor(256 * (sample(x, y, 0, 0) - low) / (high - low + 1)));
        });
    }
}

TEST(Tiff, Floats) {
    for (const unsigned bits : {32U, 64U}) {
        TiffSpec spec;
        spec.bits = bits;
        spec.format = SAMPLEFORMAT_IEEEFP;
        spec.channels = 1;
        spec.photometric = PHOTOMETRIC_MINISBLACK;
        // Within 0 to 1, nothing is stretched.
        expect_image(tiff_file(spec, [](int x, int y, int,
                                        int) { return (pattern(x, y, 0, 0) % 128 + 0.5) / 256; }),
                     [](int x, int y, int) { return pattern(x, y, 0, 0) % 128; });
        const auto wide = [](int x, int y, int, int) -> double {
            return x == 3 ? std::numeric_limits<double>::quiet_NaN()
                          : pattern(x, y, 0, 0) % 1024 - 512;
        };
        const Bytes file = tiff_file(spec, wide);
        const Image image = decode_image(file, "image");
        EXPECT_EQ(pixel(image, 3, 5), 0U);
        EXPECT_EQ(*std::ranges::max_element(image.rgb), 255);
        expect_image(file,
                     [&](int x, int y, int) {
                         return x == 3 ? 0 : static_cast<int>(wide(x, y, 0, 0) + 512) / 4;
                     },
                     {.range = SampleRange{-512, 512}});
    }
}

TEST(Tiff, HalfFloats) {
    TiffSpec spec;
    spec.size = {4, 2};
    spec.bits = 16;
    spec.channels = 1;
    spec.photometric = PHOTOMETRIC_MINISBLACK;
    spec.tags = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP); };
    // 0, 0.5, 1, infinity; NaN, the smallest number, 0.25, -0
    const std::array halves = {0x0000, 0x3800, 0x3C00, 0x7C00, 0x7E00, 0x0001, 0x3400, 0x8000};
    const Image image = decode_image(
        tiff_file(spec, [&](int x, int y, int, int) { return halves[4 * y + x]; }), "image");
    const std::array expected = {0, 128, 255, 0, 0, 0, 64, 0};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(image.rgb[3 * i], expected[i]) << i;
    }
}

TEST(Tiff, PercentilesOfAnImage) {
    TiffSpec spec;
    spec.bits = 16;
    spec.channels = 1;
    spec.photometric = PHOTOMETRIC_MINISBLACK;
    spec.tile = 16;
    const auto sample = [](int x, int y, int, int) {
        return x == 0 && y == 0 ? 65535 : 2000 + pattern(x, y, 0, 0) % 200;
    };
    const Bytes file = tiff_file(spec, sample);
    EXPECT_EQ(pixel(decode_image(file, "image"), 1, 1), 0x080808U);
    const Image image = decode_image(file, "image", {.range = SampleRange{1, 99, true}});
    EXPECT_EQ(pixel(image, 0, 0), 0xFFFFFFU);
    for (int x = 1; x < 19; ++x) {
        EXPECT_NEAR(image.rgb[3UL * x], (sample(x, 0, 0, 0) - 2000) * 256 / 200, 8);
    }
}

TEST(Tiff, AlphaAndMoreChannelsAreLeftOut) {
    struct Kind {
        unsigned channels;
        unsigned photometric;
        bool gray;
    };
    for (const Kind& kind :
         {Kind{2, PHOTOMETRIC_MINISBLACK, true}, Kind{4, PHOTOMETRIC_RGB, false},
          Kind{7, PHOTOMETRIC_RGB, false}, Kind{4, PHOTOMETRIC_MINISBLACK, false}}) {
        for (const unsigned planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
            TiffSpec spec;
            spec.channels = kind.channels;
            spec.photometric = kind.photometric;
            spec.planar = planar;
            spec.tags = [&](TIFF* tiff) {
                const unsigned colors = kind.photometric == PHOTOMETRIC_RGB ? 3 : 1;
                const std::vector<std::uint16_t> extra(kind.channels - colors,
                                                       EXTRASAMPLE_UNASSALPHA);
                TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(extra.size()),
                             extra.data());
            };
            expect_image(tiff_file(spec, byte_pattern), [&](int x, int y, int c) {
                return pattern(x, y, kind.gray ? 0 : c, 0) % 256;
            });
        }
    }
}

TEST(Tiff, Palettes) {
    for (const unsigned bits : {1U, 4U, 8U}) {
        for (const int scale : {1, 257}) {
            TiffSpec spec;
            spec.bits = bits;
            spec.channels = 1;
            spec.photometric = PHOTOMETRIC_PALETTE;
            const int count = 1 << bits;
            const auto color = [](int index, int c) { return (index * 37 + c * 60 + 9) % 256; };
            std::array<std::vector<std::uint16_t>, 3> map;
            for (int i = 0; i < count; ++i) {
                for (int c = 0; c < 3; ++c) {
                    map[c].push_back(static_cast<std::uint16_t>(color(i, c) * scale));
                }
            }
            spec.tags = [&](TIFF* tiff) {
                TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
            };
            const auto index = [&](int x, int y) { return pattern(x, y, 0, 0) % count; };
            expect_image(tiff_file(spec, [&](int x, int y, int, int) { return index(x, y); }),
                         [&](int x, int y, int c) { return color(index(x, y), c); });
        }
    }
}

TEST(Tiff, Inks) {
    for (const unsigned planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
        TiffSpec spec;
        spec.channels = 4;
        spec.photometric = PHOTOMETRIC_SEPARATED;
        spec.planar = planar;
        expect_image(tiff_file(spec, byte_pattern), [](int x, int y, int c) {
            const double black = 255 - pattern(x, y, 3, 0) % 256;
            return static_cast<int>(std::lround((255 - pattern(x, y, c, 0) % 256) * black / 255));
        });
    }
}

TEST(Tiff, ColorsThatAreConverted) {
    TiffSpec spec;
    spec.photometric = PHOTOMETRIC_YCBCR;
    spec.tags = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1); };
    const auto luma = [](int x, int y, int c, int) {
        return c == 0 ? pattern(x, y, 0, 0) % 256 : 128;
    };
    expect_image(tiff_file(spec, luma), [&](int x, int y, int) { return luma(x, y, 0, 0); });
    // Pure red of the specification: luma 76, blue difference 85, red difference 255.
    const auto red = [](int, int, int c, int) { return c == 0 ? 76 : c == 1 ? 85 : 255; };
    const Image image = decode_image(tiff_file(spec, red), "image");
    EXPECT_NEAR(image.rgb[0], 255, 2);
    EXPECT_NEAR(image.rgb[1], 0, 2);
    EXPECT_NEAR(image.rgb[2], 0, 2);
}

TEST(Tiff, JpegInside) {
    const auto smooth = [](int x, int y, int c, int) { return 40 + 3 * x + 4 * y + 20 * c; };
    for (const unsigned photometric :
         {PHOTOMETRIC_RGB, PHOTOMETRIC_YCBCR, PHOTOMETRIC_MINISBLACK}) {
        for (const int tile : {0, 16}) {
            TiffSpec spec;
            spec.compression = COMPRESSION_JPEG;
            spec.photometric = photometric;
            spec.channels = photometric == PHOTOMETRIC_MINISBLACK ? 1 : 3;
            spec.tile = tile;
            spec.tags = [&](TIFF* tiff) {
                TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 98);
                if (photometric == PHOTOMETRIC_YCBCR) {
                    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
                }
            };
            const Image image = decode_image(tiff_file(spec, smooth), "image");
            for (int y = 0; y < 13; ++y) {
                for (int x = 0; x < 19; ++x) {
                    for (int c = 0; c < 3; ++c) {
                        ASSERT_NEAR(image.rgb[3UL * (y * 19 + x) + c],
                                    smooth(x, y, spec.channels == 1 ? 0 : c, 0), 5);
                    }
                }
            }
        }
    }
}

TEST(Tiff, OrientationsAreApplied) {
    for (unsigned orientation = 1; orientation <= 8; ++orientation) {
        for (const unsigned photometric : {PHOTOMETRIC_RGB, PHOTOMETRIC_YCBCR}) {
            TiffSpec spec;
            spec.photometric = photometric;
            if (photometric == PHOTOMETRIC_YCBCR) {
                spec.tags = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1); };
            }
            const Image stored = decode_image(tiff_file(spec, byte_pattern), "image");
            spec.orientation = orientation;
            const Bytes file = tiff_file(spec, byte_pattern);
            const Image upright = image::apply_orientation(stored, static_cast<int>(orientation));
            const Image read = decode_image(file, "image");
            EXPECT_EQ(read.size, upright.size);
            EXPECT_TRUE(read.rgb == upright.rgb) << orientation;
            EXPECT_TRUE(decode_image(file, "image", {.orientation = Orientation::stored}).rgb ==
                        stored.rgb);
            const image::StoredForm form = image::read_form(file, "image");
            EXPECT_EQ(form.size, stored.size);
            EXPECT_EQ(form.orientation, static_cast<int>(orientation));
        }
    }
}

TEST(Tiff, PagesCountFromZero) {
    TiffSpec spec;
    spec.pages = 3;
    for (const char* mode : {"wl", "wb8"}) {
        spec.mode = mode;
        const Bytes file = tiff_file(spec, byte_pattern);
        for (int page = 0; page < 3; ++page) {
            expect_image(file, [&](int x, int y, int c) { return pattern(x, y, c, page) % 256; },
                         {.page = page});
            EXPECT_EQ(image::read_form(file, "image", page).size, spec.size);
        }
        expect_image(file, [](int x, int y, int c) { return pattern(x, y, c, 0) % 256; });
        EXPECT_EQ(image::decode_stored(file, "image", {}).pages, 3);
        expect_error(file,
                     "found 3 pages: expected page 3 | pages count from 0: the last one is "
                     "[2]",
                     {.page = 3});
        expect_error(file, "expected page -1", {.page = -1});
        EXPECT_THROW((void)image::read_form(file, "image", 3), Error);
    }
}

TEST(Tiff, PagesOfOtherFormatsAreErrors) {
    const Image image = testing::random_image({3, 2}, 1);
    expect_error(encode_png(image), "found a PNG image: expected a TIFF file, for page 0",
                 {.page = 0});
    EXPECT_THROW((void)image::read_form(encode_jpeg(image), "image", 1), Error);
}

TEST(Tiff, AreNamedWithTheirPage) {
    const testing::TemporaryFolder folder;
    TiffSpec spec;
    spec.pages = 2;
    const Bytes file = tiff_file(spec, byte_pattern);
    const auto write = [&](const char* name, const Bytes& bytes) {
        std::ofstream(folder.path() / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    };
    write("a.tif", file);
    const auto second = [](int x, int y, int c) { return pattern(x, y, c, 1) % 256; };
    EXPECT_TRUE(read_image(folder.path() / "a.tif[1]").rgb ==
                expected_image(spec.size, second).rgb);
    try {
        (void)read_image(folder.path() / "a.tif[7]");
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("a.tif[7]: found 2 pages: expected page 7"),
                  std::string::npos)
            << error.what();
    }
    // A file of that name goes first.
    const Image other = testing::random_image({3, 2}, 2);
    write("a.tif[1]", encode_png(other));
    EXPECT_TRUE(read_image(folder.path() / "a.tif[1]").rgb == other.rgb);
}

TEST(Tiff, CutsAndChangesAreHarmless) {
    ::testing::internal::CaptureStderr();
    for (const unsigned compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                                       COMPRESSION_JPEG, COMPRESSION_PACKBITS}) {
        TiffSpec spec;
        spec.compression = compression;
        spec.tile = compression == COMPRESSION_LZW ? 16 : 0;
        const Bytes file = tiff_file(spec, byte_pattern);
        testing::expect_cuts_are_errors(file, file.size() - 1);
        testing::expect_changes_are_harmless(file);
    }
    TiffSpec fax;
    fax.bits = 1;
    fax.channels = 1;
    fax.photometric = PHOTOMETRIC_MINISWHITE;
    fax.compression = COMPRESSION_CCITTFAX4;
    testing::expect_changes_are_harmless(
        tiff_file(fax, [](int x, int y, int, int) { return pattern(x, y, 0, 0) % 2; }));
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "libtiff talks to the user";
}

// A file of one directory, in little endian, by hand.
class Directory {
public:
    Directory& tag(unsigned id, unsigned type, std::uint32_t count, std::uint32_t value) {
        put(entries_, id, 2);
        put(entries_, type, 2);
        put(entries_, count, 4);
        put(entries_, value, 4);
        ++count_;
        return *this;
    }

    [[nodiscard]] Bytes file(std::uint32_t next = 0, const Bytes& pixels = {}) const {
        Bytes bytes = {'I', 'I', 42, 0, 8, 0, 0, 0};
        put(bytes, count_, 2);
        bytes.insert(bytes.end(), entries_.begin(), entries_.end());
        put(bytes, next, 4);
        bytes.insert(bytes.end(), pixels.begin(), pixels.end());
        return bytes;
    }

private:
    static void put(Bytes& bytes, std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) {
            bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        }
    }

    Bytes entries_;
    std::uint32_t count_ = 0;
};

constexpr unsigned kShort = 3;
constexpr unsigned kLong = 4;

// Grey of 8 bits in tiles or one strip that begins after the header.
Directory gray(std::uint32_t width, std::uint32_t height, std::uint32_t tile = 0,
               unsigned compression = COMPRESSION_NONE,
               unsigned photometric = PHOTOMETRIC_MINISBLACK, unsigned bits = 8) {
    Directory directory;
    directory.tag(TIFFTAG_IMAGEWIDTH, kLong, 1, width)
        .tag(TIFFTAG_IMAGELENGTH, kLong, 1, height)
        .tag(TIFFTAG_BITSPERSAMPLE, kShort, 1, bits)
        .tag(TIFFTAG_COMPRESSION, kShort, 1, compression)
        .tag(TIFFTAG_PHOTOMETRIC, kShort, 1, photometric);
    if (tile == 0) {
        directory.tag(TIFFTAG_STRIPOFFSETS, kLong, 1, 8)
            .tag(TIFFTAG_ROWSPERSTRIP, kLong, 1, height)
            .tag(TIFFTAG_STRIPBYTECOUNTS, kLong, 1, width * height);
    } else {
        directory.tag(TIFFTAG_TILEWIDTH, kLong, 1, tile)
            .tag(TIFFTAG_TILELENGTH, kLong, 1, tile)
            .tag(TIFFTAG_TILEOFFSETS, kLong, 1, 8)
            .tag(TIFFTAG_TILEBYTECOUNTS, kLong, 1, 64);
    }
    return directory;
}

TEST(Tiff, LoopsOfDirectoriesAreErrors) {
    ASSERT_NO_THROW((void)decode_image(gray(4, 4).file(), "image"));
    expect_error(gray(4, 4).file(8),
                 "found a loop in the directories of a TIFF file: expected 1 "
                 "page and an end");
    expect_error(gray(4, 4).file(100'000), "truncated TIFF file");
    // Two directories that name each other.
    Bytes file = gray(4, 4).file(200);
    file.resize(200);
    const Bytes second = gray(4, 4).file(8);
    file.insert(file.end(), second.begin() + 8, second.end());
    expect_error(file, "found a loop");
    expect_error(Bytes{'I', 'I', 42, 0, 0, 0, 0, 0}, "found a TIFF file without a page");
    expect_error(Bytes{'M', 'M', 0, 42, 0, 0, 0, 0}, "found a TIFF file without a page");
    expect_error(Bytes{'I', 'I', 42, 0}, "truncated TIFF file");
}

TEST(Tiff, LyingSizesCostNoMemory) {
    expect_error(gray(0, 4).file(), "the header says 0x4 pixels");
    expect_error(gray(4, 0).file(), "the header says 4x0 pixels");
    expect_error(gray(0xFFFFFFFF, 0xFFFFFFFF).file(), "the limit is 178000000 pixels");
    expect_error(gray(0xFFFFFFFF, 1).file(), "the limit is", {.max_pixels = 1ULL << 40});
    expect_error(gray(101, 10).file(),
                 "the header says 101x10 pixels, the limit is 1000 pixels | "
                 "if the image is really that large, raise --max-pixels",
                 {.max_pixels = 1000});
    expect_error(gray(13000, 13000).file(), "truncated TIFF file");
    expect_error(gray(13000, 13000, 0, COMPRESSION_LZW).file(), "truncated TIFF file");
}

TEST(Tiff, LyingTilesAreErrors) {
    const Bytes pixels(64, 7);
    ASSERT_EQ(
        decode_image(
            tiff_file(
                {.size = {5, 4}, .channels = 1, .photometric = PHOTOMETRIC_MINISBLACK, .tile = 16},
                byte_pattern),
            "image")
            .size,
        (ImageSize{5, 4}));
    expect_error(gray(40, 40, 1 << 24).file(0, pixels),
                 "expected a size in proportion to the image");
    expect_error(gray(40, 40, 0x7FFFFFF0).file(0, pixels), "expected a size in proportion");
    expect_error(gray(4000, 4000, 16).file(0, pixels), "image: ");
    expect_error(gray(40, 40, 16).file(0, pixels), "image: ");
    // A number of tiles that no file could hold.
    Directory directory = gray(40, 40);
    directory.tag(TIFFTAG_TILEWIDTH, kLong, 1, 16)
        .tag(TIFFTAG_TILELENGTH, kLong, 1, 16)
        .tag(TIFFTAG_TILEOFFSETS, kLong, 0x40000000, 8)
        .tag(TIFFTAG_TILEBYTECOUNTS, kLong, 0x40000000, 8);
    expect_error(directory.file(0, pixels), "image: ");
    Directory many = gray(40, 40);
    many.tag(TIFFTAG_SAMPLESPERPIXEL, kShort, 1, 65535);
    expect_error(many.file(0, pixels), "image: ");
}

TEST(Tiff, WhatIsNotSupportedIsNamed) {
    expect_error(gray(4, 4, 0, COMPRESSION_OJPEG).file(),
                 "found TIFF compression old-style JPEG: expected");
    expect_error(gray(4, 4, 0, COMPRESSION_LZMA).file(),
                 "found TIFF compression LZMA: expected none, LZW, deflate, JPEG, PackBits, CCITT "
                 "or zstd | save it with LZW or deflate compression");
    expect_error(gray(4, 4, 0, 4711).file(), "found TIFF compression number 4711");
    const auto with = [](unsigned id, unsigned value) {
        Directory directory = gray(4, 4);
        directory.tag(id, kShort, 1, value);
        return directory.file();
    };
    expect_error(with(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_COMPLEXIEEEFP),
                 "complex numbers of 8 bits");
    expect_error(with(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP), "floats of 8 bits: expected");
    const auto colors = [](unsigned photometric, unsigned bits) {
        return gray(4, 4, 0, COMPRESSION_NONE, photometric, bits).file();
    };
    expect_error(colors(PHOTOMETRIC_CFA, 8),
                 "found TIFF colours of type 32803: expected grey, RGB");
    expect_error(colors(PHOTOMETRIC_CIELAB, 8), "found TIFF colours of type 8");
    expect_error(colors(PHOTOMETRIC_SEPARATED, 8), "with 1 channels: expected 4 (CMYK)");
    expect_error(colors(PHOTOMETRIC_MINISBLACK, 24), "unsigned samples of 24 bits");
    TiffSpec spec;
    spec.bits = 16;
    spec.channels = 1;
    spec.photometric = PHOTOMETRIC_PALETTE;
    const std::vector<std::uint16_t> map(65536);
    spec.tags = [&](TIFF* tiff) {
        TIFFSetField(tiff, TIFFTAG_COLORMAP, map.data(), map.data(), map.data());
    };
    expect_error(tiff_file(spec, byte_pattern),
                 "found a TIFF palette of 16 bits: expected up to 8");
}

TEST(Tiff, PreviewsOfRawFilesAreErrors) {
    TiffSpec spec;
    spec.tags = [](TIFF* tiff) {
        TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
        const std::array<std::uint64_t, 1> offsets{8};
        TIFFSetField(tiff, TIFFTAG_SUBIFD, 1, offsets.data());
    };
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "a.dng";
    TIFF* tiff = TIFFOpen(path.c_str(), "w");
    set_tags(tiff, spec);
    Bytes row(3UL * 19);
    for (int y = 0; y < 13; ++y) {
        TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0);
    }
    TIFFWriteDirectory(tiff);  // the sub-directory follows
    spec.tags = {};
    set_tags(tiff, spec);
    for (int y = 0; y < 13; ++y) {
        TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0);
    }
    TIFFClose(tiff);
    try {
        (void)read_image(path);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("found a page that is only a preview"),
                  std::string::npos);
    }
}

}  // namespace
}  // namespace embedmask
