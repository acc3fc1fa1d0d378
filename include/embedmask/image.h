/// @file
/// Images in memory: reading, writing, resizing. All functions may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/export.h"

namespace embedmask {

/// Width and height in pixels.
struct ImageSize {
    int width = 0;   ///< columns
    int height = 0;  ///< rows

    bool operator==(const ImageSize&) const = default;
};

/// An 8-bit RGB image.
struct Image {
    ImageSize size;  ///< pixels
    /// R,G,B interleaved, rows from top to bottom without padding: 3 * width * height bytes.
    std::vector<std::uint8_t> rgb;
};

/// Byte order of a pixel.
enum class PixelOrder {
    rgb,   ///< 3 bytes
    bgr,   ///< 3 bytes, as in OpenCV
    rgba,  ///< 4 bytes; alpha is ignored
    bgra,  ///< 4 bytes; alpha is ignored
    gray,  ///< 1 byte, read as three equal channels
};

/// Bytes per pixel: 1, 3 or 4.
EMBEDMASK_EXPORT int bytes_per_pixel(PixelOrder order);

/// Borrowed 8-bit pixels: a camera frame, a cv::Mat, an AVFrame, a numpy array. Nothing is copied;
/// the pixels must not change until the call that takes the view returns.
struct EMBEDMASK_EXPORT ImageView {
    const std::uint8_t* data = nullptr;  ///< first byte of the top row
    ImageSize size;                      ///< pixels
    std::ptrdiff_t row_stride = 0;       ///< bytes from one row to the next; negative: bottom-up
    PixelOrder order = PixelOrder::rgb;  ///< byte order

    /// An empty view.
    ImageView() = default;
    /// A view of `pixels`, rows `stride` bytes apart.
    ImageView(const std::uint8_t* pixels, ImageSize image_size, std::ptrdiff_t stride,
              PixelOrder pixel_order)
        : data(pixels), size(image_size), row_stride(stride), order(pixel_order) {}
    /// Implicit, so that an Image can be passed as a view. Error unless it has 3 bytes per pixel.
    ImageView(const Image& image);  // NOLINT(google-explicit-constructor)
};

/// Copies a view to an Image. Error as for `Predictor::predict`.
[[nodiscard]] EMBEDMASK_EXPORT Image to_image(const ImageView& view);

/// Treatment of the EXIF orientation of a file.
enum class Orientation {
    apply_exif,  ///< rotate and mirror the image upright
    stored,      ///< keep the rows of the file (spec §2.1)
};

/// Which values become 0 and 255 where an image with more than 8 bits per sample is read.
///
/// The range is divided into 256 equal steps: whole numbers v become
/// floor(256 * (v - low) / (high - low + 1)), others floor(256 * (v - low) / (high - low)), limited
/// to 0..255. So 0..65535 keeps the high byte of 16 bits, and 0..4095 the upper 8 of 12 bits.
struct SampleRange {
    double low = 0;   ///< finite
    double high = 0;  ///< finite, above `low`
    /// `low` and `high` are percentages, 0..100, of the samples of the image: the range is between
    /// these percentiles, found in up to 4 million evenly spaced samples.
    bool percentiles = false;

    bool operator==(const SampleRange&) const = default;
};

/// Options of `decode_image` and `read_image`.
struct DecodeOptions {
    /// Images with more pixels are rejected by their header, before memory is allocated.
    std::uint64_t max_pixels = 178'000'000;
    Orientation orientation = Orientation::apply_exif;  ///< without `expected_size`
    /// Size recorded by an annotation file; replaces `orientation`. The rows are kept if the stored
    /// size matches, rotated by EXIF if only that matches, and it is an Error if neither does.
    std::optional<ImageSize> expected_size = std::nullopt;
    /// Where the stored size and the rotated size both match `expected_size`, rotate
    /// (ImageRecord::upright).
    bool expected_upright = false;
    /// If above 0, the JPEG decoder may shrink the image to 1/2, 1/4 or 1/8 as long as the short
    /// side has at least this many pixels: faster, but not exact. `expected_size` still refers to
    /// the full size.
    int shrink_to_short_side = 0;
    /// The page of a TIFF file, from 0. Without it, the first page is read. Error for a page of a
    /// file of another format, and for one that the file does not have.
    std::optional<int> page = std::nullopt;
    /// Replaces the default range of images with more than 8 bits per sample (below); images with
    /// up to 8 bits are read as without it. Error if `low` is not below `high`, or for percentages
    /// beyond 0..100.
    std::optional<SampleRange> range = std::nullopt;
};

/// Decodes an image file in memory. Errors call it `name`.
///
/// - JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK (inverted, as Adobe writes
///   them), decoded with the accurate integer DCT and smooth chroma upsampling (spec §2.1).
/// - PNG: every colour type and depth, including interlaced files.
/// - WebP: lossy and lossless; the first frame of an animation.
/// - TIFF and BigTIFF: strips and tiles, interleaved and separate channels; grey (also white is 0),
///   RGB, palette, CMYK, YCbCr; 1 to 16 and 32 bits, signed 8 to 32 bits, and floats of 16,
///   32 and 64 bits; uncompressed, LZW, deflate, JPEG, PackBits, CCITT and zstd. Of more than three
///   channels that are not CMYK, the first three are red, green and blue.
/// - GIF: the first frame, on its background.
/// - BMP: 1 to 32 bits, also run lengths and bit fields.
/// - PNM: P1 to P6, PAM (P7) and PFM.
///
/// Grey becomes three equal channels; alpha is dropped without blending; gamma and colour profiles
/// are ignored; the orientation is that of EXIF or the TIFF tag.
///
/// Samples of more than 8 bits become 8 bits as SampleRange says. The default range is all values
/// of the type (0 to 65535, or up to the maximum in the header of a PNM file) for unsigned samples
/// of up to 16 bits, so that they keep their high byte; 0 to 1 for floats if all finite values of
/// the image are within; and the least to the greatest finite value of the image for all others
/// (other floats, 32 bits, signed). Samples that are not finite become 0.
///
/// Error for a file that is empty, of another format, truncated, damaged, too large, of a different
/// size than expected, has more than 100 JPEG scans, or directories of TIFF in a loop.
[[nodiscard]] EMBEDMASK_EXPORT Image decode_image(std::span<const std::uint8_t> bytes,
                                                  std::string_view name,
                                                  const DecodeOptions& options = {});

/// Reads and decodes a file. "NAME[2]" is page 2 of the TIFF file NAME, unless a file has that
/// name. Error as for `decode_image`, and for a path that is not a readable regular file.
[[nodiscard]] EMBEDMASK_EXPORT Image read_image(const std::filesystem::path& path,
                                                const DecodeOptions& options = {});

/// Resizes to `size` (both sides at least 1, Error otherwise), bilinear with antialiasing,
/// bit-equal to BILINEAR of Pillow (spec §2.3).
[[nodiscard]] EMBEDMASK_EXPORT Image resize(const Image& image, ImageSize size);

/// Encodes a baseline JPEG file. `quality` is 1..100; chroma is subsampled 2x2 below 90. Error for
/// other qualities and for sides above 65500 pixels.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_jpeg(const Image& image,
                                                                     int quality = 92);
/// Encodes an 8-bit RGB PNG file.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_png(const Image& image);
/// Encodes a 16-bit greyscale PNG file of `size.width * size.height` values in row order.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_png(
    std::span<const std::uint16_t> gray, ImageSize size);

/// Encodes and writes a file atomically: on an error `path` keeps its old content.
EMBEDMASK_EXPORT void write_jpeg(const std::filesystem::path& path, const Image& image,
                                 int quality = 92);
/// Encodes and writes a file atomically.
EMBEDMASK_EXPORT void write_png(const std::filesystem::path& path, const Image& image);
/// Encodes and writes a 16-bit greyscale file atomically.
EMBEDMASK_EXPORT void write_png(const std::filesystem::path& path,
                                std::span<const std::uint16_t> gray, ImageSize size);

}  // namespace embedmask
