#include "image/tiff_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "embedmask/error.h"

namespace embedmask::image {
namespace {

constexpr const char* kConvertTiff = "convert it to 8-bit RGB with another program";

// Older JPEG is ambiguous, and the readers of LZMA and WebP take as much memory as the file says.
struct Compression {
    std::uint16_t id;
    const char* name;
    std::uint64_t most_ratio;  ///< of decoded to encoded bytes; 0: not read
};

constexpr std::array kCompressions = {
    Compression{COMPRESSION_NONE, "none", 1},
    // One bit per row where it repeats the previous one.
    Compression{COMPRESSION_CCITTRLE, "CCITT RLE", 1 << 20},
    Compression{COMPRESSION_CCITTFAX3, "CCITT Group 3", 1 << 20},
    Compression{COMPRESSION_CCITTFAX4, "CCITT Group 4", 1 << 20},
    Compression{COMPRESSION_LZW, "LZW", 4096},
    Compression{COMPRESSION_JPEG, "JPEG", 8192},
    Compression{COMPRESSION_ADOBE_DEFLATE, "deflate", 1032},
    Compression{COMPRESSION_DEFLATE, "deflate", 1032},
    Compression{COMPRESSION_PACKBITS, "PackBits", 64},
    Compression{COMPRESSION_ZSTD, "zstd", 65536},
    Compression{COMPRESSION_OJPEG, "old-style JPEG", 0},
    Compression{COMPRESSION_JP2000, "JPEG 2000", 0},
    Compression{COMPRESSION_LERC, "LERC", 0},
    Compression{COMPRESSION_LZMA, "LZMA", 0},
    Compression{COMPRESSION_WEBP, "WebP", 0},
    Compression{COMPRESSION_JXL, "JPEG XL", 0},
    Compression{COMPRESSION_SGILOG, "LogLuv", 0},
    Compression{COMPRESSION_SGILOG24, "LogLuv", 0},
};

const Compression& compression_of(const TiffFile& file, std::uint16_t id) {
    const auto* known = std::ranges::find(kCompressions, id, &Compression::id);
    if (known != kCompressions.end() && known->most_ratio > 0 && TIFFIsCODECConfigured(id) != 0) {
        return *known;
    }
    const std::string found =
        known == kCompressions.end() ? fmt::format("number {}", id) : std::string(known->name);
    throw Error(fmt::format("{}: found TIFF compression {}: expected none, LZW, deflate, JPEG, "
                            "PackBits, CCITT or zstd",
                            file.name(), found),
                "save it with LZW or deflate compression");
}

void check_samples(const TiffFile& file, const TiffForm& form) {
    std::string found;
    switch (form.sample_format) {
        case SAMPLEFORMAT_UINT:
        case SAMPLEFORMAT_VOID:
            if ((form.bits >= 1 && form.bits <= 16) || form.bits == 32) {
                return;
            }
            found = "unsigned samples";
            break;
        case SAMPLEFORMAT_INT:
            if (form.bits == 8 || form.bits == 16 || form.bits == 32) {
                return;
            }
            found = "signed samples";
            break;
        case SAMPLEFORMAT_IEEEFP:
            if (form.bits == 16 || form.bits == 32 || form.bits == 64) {
                return;
            }
            found = "floats";
            break;
        case SAMPLEFORMAT_COMPLEXINT:
        case SAMPLEFORMAT_COMPLEXIEEEFP:
            found = "complex numbers";
            break;
        default:
            found = "unknown samples";
    }
    throw Error(fmt::format("{}: found a TIFF file with {} of {} bits: expected 1 to 16 or 32 bits "
                            "unsigned, 8, 16 or 32 bits signed, or floats of 16, 32 or 64 bits",
                            file.name(), found, form.bits),
                kConvertTiff);
}

// What is used of the channels.
int used_channels(const TiffFile& file, const TiffForm& form) {
    switch (form.photometric) {
        case PHOTOMETRIC_MINISWHITE:
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_RGB:
            // Two channels are grey and alpha.
            return form.channels < 3 ? 1 : 3;
        case PHOTOMETRIC_YCBCR:
            if (form.channels == 3) {
                return 3;
            }
            break;
        case PHOTOMETRIC_PALETTE:
            if (form.bits <= 8 && form.sample_format != SAMPLEFORMAT_INT) {
                return 1;
            }
            throw Error(fmt::format("{}: found a TIFF palette of {} bits: expected up to 8",
                                    file.name(), form.bits),
                        kConvertTiff);
        case PHOTOMETRIC_SEPARATED:
            if (form.channels >= 4) {
                return 4;
            }
            break;
        default:
            throw Error(
                fmt::format("{}: found TIFF colours of type {}: expected grey, RGB, palette, CMYK "
                            "or YCbCr",
                            file.name(), form.photometric),
                kConvertTiff);
    }
    throw Error(
        fmt::format("{}: found a TIFF file with {} channels: expected {}", file.name(),
                    form.channels, form.photometric == PHOTOMETRIC_SEPARATED ? "4 (CMYK)" : "3"),
        kConvertTiff);
}

// Raw images of cameras are TIFF files whose first page is a small preview.
void reject_preview(const TiffFile& file) {
    std::uint16_t others = 0;
    const std::uint64_t* offsets = nullptr;
    const bool reduced =
        (file.field<std::uint32_t>(TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE) != 0;
    if (reduced && TIFFGetField(file.handle(), TIFFTAG_SUBIFD, &others, &offsets) == 1) {
        throw Error(fmt::format("{}: found a page that is only a preview, as in raw files of "
                                "cameras: expected a whole image",
                                file.name()),
                    "develop it to JPEG or PNG with the program of the camera");
    }
}

std::uint64_t divided(std::uint64_t value, std::uint64_t by) {
    return (value + by - 1) / by;
}

// Tiles cover the image and not much more: the work must be in proportion to the pixels.
std::uint64_t covered_pixels(const TiffFile& file, const TiffForm& form) {
    const auto width = static_cast<std::uint64_t>(form.size.width);
    const auto height = static_cast<std::uint64_t>(form.size.height);
    if (!form.tiled) {
        return width * height;
    }
    constexpr std::uint64_t kMostExcess = 64;
    constexpr std::uint64_t kSmall = 1 << 20;
    const auto across = static_cast<std::uint64_t>(form.tile.width);
    const auto down = static_cast<std::uint64_t>(form.tile.height);
    const bool valid = form.tile.width > 0 && form.tile.height > 0;
    const std::uint64_t covered =
        valid ? divided(width, across) * across * (divided(height, down) * down) : 0;
    if (!valid || covered > kMostExcess * std::max(width * height, kSmall)) {
        throw Error(fmt::format("{}: found TIFF tiles of {}x{} pixels: expected a size in "
                                "proportion to the image, {}x{}",
                                file.name(), form.tile.width, form.tile.height, width, height),
                    "convert it with another program or exclude it");
    }
    return covered;
}

// The file has to be large enough for its pixels, however well they are compressed, before memory
// is taken for them.
void check_bytes(const TiffFile& file, const TiffForm& form, std::uint64_t covered,
                 std::uint64_t most_ratio) {
    std::uint64_t encoded = 0;
    TIFF* tiff = file.handle();
    const std::uint32_t pieces = form.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    for (std::uint32_t i = 0; i < pieces && encoded < file.bytes(); ++i) {
        encoded += std::min<std::uint64_t>(TIFFGetStrileByteCount(tiff, i), file.bytes());
    }
    encoded = std::min<std::uint64_t>(encoded, file.bytes());
    // Chroma may be stored at half the size in both directions.
    const std::uint64_t channels = form.photometric == PHOTOMETRIC_YCBCR ? 1 : form.channels;
    if (covered * channels * form.bits / 8 / most_ratio > encoded) {
        throw Error(fmt::format("{}: truncated TIFF file", file.name()),
                    "copy or download it again");
    }
}

// A row of strips or a tile is decoded at a time.
void check_piece(const TiffFile& file, const TiffForm& form, std::uint64_t max_pixels) {
    const auto pixels = form.tiled ? static_cast<std::uint64_t>(form.tile.width) *
                                         static_cast<std::uint64_t>(form.tile.height)
                                   : static_cast<std::uint64_t>(form.size.width);
    constexpr std::uint64_t kMostChannels = 1024;
    if (form.channels == 0 || form.channels > kMostChannels ||
        pixels * form.interleaved() * form.bits / 8 > most_tiff_memory(max_pixels)) {
        throw Error(fmt::format("{}: found a TIFF file with {} channels of {} bits in pieces of {} "
                                "pixels: expected pieces within the limit of memory",
                                file.name(), form.channels, form.bits, pixels),
                    kConvertTiff);
    }
}

}  // namespace

bool TiffForm::converted_by_library() const {
    return photometric == PHOTOMETRIC_YCBCR;
}

TiffForm tiff_form_of(const TiffFile& file, std::uint64_t max_pixels) {
    reject_preview(file);
    TiffForm form;
    form.size = file.size();
    form.bits = file.field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE);
    form.channels = file.field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL);
    form.sample_format = file.field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT);
    form.compression = file.field<std::uint16_t>(TIFFTAG_COMPRESSION);
    form.separate = file.field<std::uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE &&
                    form.channels > 1;
    form.tiled = TIFFIsTiled(file.handle()) != 0;
    if (form.tiled) {
        const auto limited = [](std::uint32_t side) {
            return static_cast<int>(std::min<std::uint32_t>(side, 1U << 30U));
        };
        form.tile = {limited(file.field<std::uint32_t>(TIFFTAG_TILEWIDTH)),
                     limited(file.field<std::uint32_t>(TIFFTAG_TILELENGTH))};
    }
    const Compression& compression = compression_of(file, form.compression);
    if (TIFFGetField(file.handle(), TIFFTAG_PHOTOMETRIC, &form.photometric) != 1) {
        form.photometric = form.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
    }
    check_samples(file, form);
    form.used = used_channels(file, form);
    const std::uint64_t covered = covered_pixels(file, form);
    check_piece(file, form, max_pixels);
    check_bytes(file, form, covered, compression.most_ratio);
    if (form.compression == COMPRESSION_JPEG && form.photometric == PHOTOMETRIC_YCBCR &&
        !form.separate) {
        TIFFSetField(file.handle(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        form.photometric = PHOTOMETRIC_RGB;
    }
    return form;
}

}  // namespace embedmask::image
