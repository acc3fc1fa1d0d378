// Writes TIFF files with libtiff, for tests.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include "embedmask/image.h"
#include "test_data.h"

namespace embedmask::testing {

struct TiffSpec {
    ImageSize size = {19, 13};
    unsigned bits = 8;
    unsigned format = SAMPLEFORMAT_UINT;
    unsigned channels = 3;
    unsigned photometric = PHOTOMETRIC_RGB;
    unsigned planar = PLANARCONFIG_CONTIG;
    unsigned compression = COMPRESSION_NONE;
    unsigned predictor = PREDICTOR_NONE;
    int tile = 0;  ///< side; 0: strips of 4 rows
    unsigned orientation = 1;
    const char* mode = "w";
    int pages = 1;
    /// Adds tags of its own to each page.
    std::function<void(TIFF*)> tags = {};
};

/// A sample of a page.
using TiffSample = std::function<double(int x, int y, int channel, int page)>;

/// One sample after another: bits from the highest, or numbers in the byte order of this machine.
class SamplePacker {
public:
    explicit SamplePacker(const TiffSpec& spec) : spec_(spec) {}

    void add(double value) {
        if (spec_.format == SAMPLEFORMAT_IEEEFP) {
            spec_.bits == 32 ? append(static_cast<float>(value)) : append(value);
        } else if (spec_.bits == 32) {
            append(static_cast<std::uint32_t>(static_cast<std::int64_t>(value)));
        } else if (spec_.bits == 16) {
            append(static_cast<std::uint16_t>(static_cast<std::int64_t>(value)));
        } else {
            const auto bits = static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
            for (unsigned bit = spec_.bits; bit > 0; --bit) {
                if (used_bits_ % 8 == 0) {
                    bytes_.push_back(0);
                }
                bytes_.back() |=
                    static_cast<std::uint8_t>((bits >> (bit - 1) & 1U) << (7 - used_bits_ % 8));
                ++used_bits_;
            }
        }
    }

    std::vector<std::uint8_t>& bytes() { return bytes_; }

private:
    template <typename Value>
    void append(Value value) {
        const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
        bytes_.insert(bytes_.end(), first, first + sizeof value);
    }

    const TiffSpec& spec_;
    std::vector<std::uint8_t> bytes_;
    std::size_t used_bits_ = 0;
};

inline void set_tags(TIFF* tiff, const TiffSpec& spec) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, spec.size.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, spec.size.height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, spec.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, spec.format);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, spec.channels);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, spec.photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, spec.planar);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, spec.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, spec.orientation);
    if (spec.predictor != PREDICTOR_NONE) {
        TIFFSetField(tiff, TIFFTAG_PREDICTOR, spec.predictor);
    }
    if (spec.tile > 0) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, spec.tile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, spec.tile);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, spec.compression == COMPRESSION_JPEG ? 16 : 4);
    }
    if (spec.tags) {
        spec.tags(tiff);
    }
}

/// Channels `first` to `last` of a rectangle, clamped to the image, as rows of whole bytes.
inline std::vector<std::uint8_t> packed_samples(const TiffSpec& spec, const TiffSample& sample,
                                                int page, int left, int top, int width, int height,
                                                int first, int last) {
    std::vector<std::uint8_t> all;
    for (int y = top; y < top + height; ++y) {
        SamplePacker row(spec);
        for (int x = left; x < left + width; ++x) {
            for (int c = first; c < last; ++c) {
                row.add(sample(std::min(x, spec.size.width - 1), std::min(y, spec.size.height - 1),
                               c, page));
            }
        }
        all.insert(all.end(), row.bytes().begin(), row.bytes().end());
    }
    return all;
}

/// Writes a file and returns its bytes. Throws std::runtime_error where libtiff cannot.
inline std::vector<std::uint8_t> tiff_file(const TiffSpec& spec, const TiffSample& sample) {
    const TemporaryFolder folder;
    // It warns of forms that it would not choose.
    const TIFFErrorHandler warn = TIFFSetWarningHandler(nullptr);
    const auto path = folder.path() / "file.tif";
    TIFF* tiff = TIFFOpen(path.c_str(), spec.mode);
    const auto require = [](bool succeeded) {
        if (!succeeded) {
            throw std::runtime_error("libtiff cannot write the file");
        }
    };
    require(tiff != nullptr);
    const bool separate = spec.planar == PLANARCONFIG_SEPARATE;
    const int channels = static_cast<int>(spec.channels);
    for (int page = 0; page < spec.pages; ++page) {
        set_tags(tiff, spec);
        for (int plane = 0; plane < (separate ? channels : 1); ++plane) {
            const int last = separate ? plane + 1 : channels;
            const int step = spec.tile > 0 ? spec.tile : spec.size.height;
            for (int top = 0; spec.tile > 0 && top < spec.size.height; top += step) {
                for (int left = 0; left < spec.size.width; left += step) {
                    auto bytes =
                        packed_samples(spec, sample, page, left, top, step, step, plane, last);
                    require(TIFFWriteTile(tiff, bytes.data(), static_cast<std::uint32_t>(left),
                                          static_cast<std::uint32_t>(top), 0,
                                          static_cast<std::uint16_t>(plane)) > 0);
                }
            }
            for (int y = 0; spec.tile == 0 && y < spec.size.height; ++y) {
                auto bytes =
                    packed_samples(spec, sample, page, 0, y, spec.size.width, 1, plane, last);
                require(TIFFWriteScanline(tiff, bytes.data(), static_cast<std::uint32_t>(y),
                                          static_cast<std::uint16_t>(plane)) == 1);
            }
        }
        require(TIFFWriteDirectory(tiff) == 1);
    }
    TIFFClose(tiff);
    TIFFSetWarningHandler(warn);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace embedmask::testing
