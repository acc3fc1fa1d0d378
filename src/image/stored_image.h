// An image as stored in its file, before its orientation is applied.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "embedmask/image.h"

namespace embedmask::image {

struct StoredImage {
    Image image;
    /// EXIF orientation 1..8; 1 (upright) if the file has none or an invalid one.
    int orientation = 1;
    /// Size of the full image in the file; `image` is smaller if the decoder shrank it.
    ImageSize whole;
};

/// Decoders for one format each, with the rules and errors of `decode_image`.
StoredImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options);
StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);

/// Error unless the size in the header is positive and within `max_pixels`.
void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels,
                std::string_view name);

/// Shrink factor of the JPEG decoder: the largest of 1, 2, 4, 8 that leaves the short side at least
/// `short_side` pixels; 1 if `short_side` is 0.
unsigned shrinking(ImageSize whole, int short_side);

}  // namespace embedmask::image
