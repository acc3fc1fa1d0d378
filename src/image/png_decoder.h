// A PNG file being read with libpng, for the readers of images and of labels.
//
// As with libjpeg, functions that libpng may leave by longjmp have no objects with destructors:
// they return false, and their callers call `fail_png`.
#pragma once

#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "image/stored_image.h"

namespace embedmask::image {

struct PngDecoder {
    // Owned.
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::span<const std::uint8_t> rest;  ///< not read yet
    std::jmp_buf escape{};
    char message[128] = {};
    bool cut_short = false;  ///< the file ends too early

    explicit PngDecoder(std::span<const std::uint8_t> bytes) : rest(bytes) {}
    ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
    PngDecoder(const PngDecoder&) = delete;
    PngDecoder& operator=(const PngDecoder&) = delete;
};

/// Reads the header. Error for a truncated or damaged file, a size beyond the limit, and a size
/// that the file cannot contain.
ImageSize open_png(PngDecoder& decoder, std::string_view name, std::uint64_t max_pixels);

/// Decodes `height` rows of `row_bytes` bytes each to `out`, in the form that was chosen before.
/// False for a damaged file.
bool read_png_rows(PngDecoder& decoder, std::uint8_t* out, std::size_t row_bytes, int height);

/// EXIF orientation 1..8, after the rows were read.
int png_orientation(const PngDecoder& decoder);

[[noreturn]] void fail_png(const PngDecoder& decoder, std::string_view name);

}  // namespace embedmask::image
