/// Images in memory: reading, writing, resizing.
///
/// All functions are pure apart from the files they name and may be called from any thread.
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
    int width = 0;
    int height = 0;

    bool operator==(const ImageSize&) const = default;
};

/// An 8-bit image: rows from top to bottom, pixels R,G,B interleaved, no padding between rows:
/// `rgb.size() == 3 * width * height`.
struct Image {
    ImageSize size;
    std::vector<std::uint8_t> rgb;
};

/// How the bytes of one pixel follow each other.
enum class PixelOrder { rgb, bgr, rgba, bgra, gray };

/// Bytes of a pixel: 1, 3 or 4.
EMBEDMASK_EXPORT int bytes_per_pixel(PixelOrder order);

/// 8-bit pixels that somebody else owns: a camera's frame, a cv::Mat, an AVFrame, a numpy array.
/// Nothing is copied; the pixels must stay as they are until the call that gets the view returns.
/// Alpha is ignored; grey counts as three equal channels.
struct EMBEDMASK_EXPORT ImageView {
    const std::uint8_t* data = nullptr;  ///< first byte of the top row
    ImageSize size;
    std::ptrdiff_t row_stride = 0;  ///< bytes from one row to the next; negative: bottom-up
    PixelOrder order = PixelOrder::rgb;

    ImageView() = default;
    ImageView(const std::uint8_t* pixels, ImageSize image_size, std::ptrdiff_t stride,
              PixelOrder pixel_order)
        : data(pixels), size(image_size), row_stride(stride), order(pixel_order) {}
    /// Implicit: whatever takes a view takes an Image. Error when its bytes are not 3 per pixel.
    ImageView(const Image& image);  // NOLINT(google-explicit-constructor)
};

/// A copy as an Image. Error as for `Predictor::predict`.
[[nodiscard]] EMBEDMASK_EXPORT Image to_image(const ImageView& view);

/// What to do with the EXIF orientation of a file.
enum class Orientation {
    apply_exif,  ///< turn and mirror the image as its camera noted (plain images)
    stored,      ///< rows as they lie in the file (spec §2.1)
};

struct DecodeOptions {
    /// An image whose header states more pixels is refused before memory is taken for it.
    std::uint64_t max_pixels = 178'000'000;
    Orientation orientation = Orientation::apply_exif;
    /// The size that an annotation file records for this image. It decides instead of
    /// `orientation`: rows as stored when that size fits the record, turned as EXIF says when only
    /// that fits, and Error when neither does.
    std::optional<ImageSize> expected_size = std::nullopt;
    /// Above 0, the JPEG decoder may shrink the image to a half, a quarter or an eighth as long
    /// as its short side keeps this many pixels: faster, but not the pixels of a whole decoding.
    /// `expected_size` still speaks of the whole image.
    int shrink_to_short_side = 0;
};

/// Decodes a JPEG or PNG file that lies in memory. `name` is how errors call it.
///
/// JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK (inverted, as Adobe writes
/// them), decoded with the accurate integer DCT and smooth chroma upsampling (spec §2.1). PNG:
/// every colour type and depth, interlaced too. Grey is replicated; of 16-bit samples the high byte
/// is kept; alpha and transparent colours are dropped without blending, so a pixel has the colour
/// that is stored for it, also where it is invisible; gamma and profiles are ignored.
///
/// Error: empty, not JPEG or PNG, cut short, damaged, too large, more than 100 JPEG scans, or not
/// of the expected size.
[[nodiscard]] EMBEDMASK_EXPORT Image decode_image(std::span<const std::uint8_t> bytes,
                                                  std::string_view name,
                                                  const DecodeOptions& options = {});

/// `decode_image` of a file; also Error when it is not a readable regular file.
[[nodiscard]] EMBEDMASK_EXPORT Image read_image(const std::filesystem::path& path,
                                                const DecodeOptions& options = {});

/// Resamples to `size` (both sides at least 1) bilinearly with anti-aliasing where it shrinks,
/// bit-equal to Pillow's BILINEAR (spec §2.3).
[[nodiscard]] EMBEDMASK_EXPORT Image resize(const Image& image, ImageSize size);

/// A baseline JPEG file; `quality` 1..100, chroma subsampled 2x2 below 90.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_jpeg(const Image& image,
                                                                     int quality = 92);
/// An 8-bit RGB PNG file.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_png(const Image& image);
/// A 16-bit greyscale PNG file of `size.width * size.height` values in row order.
[[nodiscard]] EMBEDMASK_EXPORT std::vector<std::uint8_t> encode_png(
    std::span<const std::uint16_t> gray, ImageSize size);

/// The same, written so that `path` holds either its old content or the whole new file.
/// Error when that fails.
EMBEDMASK_EXPORT void write_jpeg(const std::filesystem::path& path, const Image& image,
                                 int quality = 92);
EMBEDMASK_EXPORT void write_png(const std::filesystem::path& path, const Image& image);
EMBEDMASK_EXPORT void write_png(const std::filesystem::path& path,
                                std::span<const std::uint16_t> gray, ImageSize size);

}  // namespace embedmask
