// An image as stored in its file, before its orientation is applied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
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
    /// In the file; more than 1 only for TIFF.
    int pages = 1;
};

/// What the header of a file says.
struct StoredForm {
    ImageSize size;       ///< as stored
    int orientation = 1;  ///< EXIF orientation 1..8
};

/// Decodes a file without applying its orientation. Errors as for `decode_image`.
StoredImage decode_stored(std::span<const std::uint8_t> bytes, std::string_view name,
                          const DecodeOptions& options);
/// Reads a file as `read_image` does, without applying its orientation.
StoredImage read_stored(const std::filesystem::path& path, const DecodeOptions& options);

/// Applies the orientation by the rules of `options`; errors call the image `name`.
Image upright(StoredImage stored, const DecodeOptions& options, std::string_view name);

/// Reads size and orientation without decoding pixels, of a page if the file is a TIFF. Error for a
/// file of another format and for a damaged header.
StoredForm read_form(std::span<const std::uint8_t> bytes, std::string_view name,
                     std::optional<int> page = std::nullopt);
StoredForm jpeg_form(std::span<const std::uint8_t> bytes, std::string_view name);
StoredForm png_form(std::span<const std::uint8_t> bytes, std::string_view name);
StoredForm webp_form(std::span<const std::uint8_t> bytes, std::string_view name);
StoredForm tiff_form(std::span<const std::uint8_t> bytes, std::string_view name,
                     std::optional<int> page);
StoredForm gif_form(std::span<const std::uint8_t> bytes, std::string_view name);
StoredForm bmp_form(std::span<const std::uint8_t> bytes, std::string_view name);
StoredForm pnm_form(std::span<const std::uint8_t> bytes, std::string_view name);

/// The orientation to apply to a file, by the rules of `DecodeOptions`: 1 if the stored rows are
/// kept. Error if neither size is the expected one.
int orientation_for(const DecodeOptions& options, ImageSize stored, int orientation,
                    std::string_view name);

/// Decoders for one format each, with the rules and errors of `decode_image`.
StoredImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options);
StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);
StoredImage decode_webp(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options);
StoredImage decode_tiff(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options);
StoredImage decode_gif(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);
StoredImage decode_bmp(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);
StoredImage decode_pnm(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options);

/// Error unless the size in the header is positive and within `max_pixels`.
void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels,
                std::string_view name);

/// Shrink factor of the JPEG decoder: the largest of 1, 2, 4, 8 that leaves the short side at least
/// `short_side` pixels; 1 if `short_side` is 0.
unsigned shrinking(ImageSize whole, int short_side);

}  // namespace embedmask::image
