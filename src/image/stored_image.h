// An image as it lies in its file, before its orientation is applied.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "embedmask/image.h"

namespace embedmask::image {

struct StoredImage {
    Image image;
    /// EXIF orientation 1..8; 1 (upright) when the file states none or an impossible one.
    int orientation = 1;
    /// Size of the whole image in the file; `image` is smaller where the decoder shrank it.
    ImageSize whole;
};

/// Decoders of one format each. The rules and errors are those of `decode_image`.
StoredImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options);
StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);

/// Error unless a header's size is positive and within `max_pixels`.
void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels,
                std::string_view name);

/// By how much the JPEG decoder shrinks an image: the largest of 1, 2, 4, 8 that leaves the short
/// side at least `short_side` pixels; 1 when that is 0.
unsigned shrinking(ImageSize whole, int short_side);

}  // namespace embedmask::image
