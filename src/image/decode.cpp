// Entry point of decoding: selects the format, the orientation and the error message.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/orientation.h"
#include "image/stored_image.h"

namespace embedmask {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool has_text(Bytes bytes, std::size_t offset, std::string_view text) {
    if (offset > bytes.size() || bytes.size() - offset < text.size()) {
        return false;
    }
    return std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool is_jpeg(Bytes bytes) {
    return has_text(bytes, 0, "\xFF\xD8\xFF");
}

bool is_png(Bytes bytes) {
    return has_text(bytes, 0, "\x89PNG\r\n\x1A\n");
}

constexpr const char* kConvert = "convert it to JPEG or PNG";

// The apparent format of a file that is neither JPEG nor PNG.
struct Signature {
    std::size_t offset;
    std::string_view magic;
    const char* what;
    const char* fix;
};

constexpr std::array kSignatures{
    Signature{0, "GIF8", "a GIF image", kConvert},
    Signature{8, "WEBP", "a WebP image", kConvert},
    Signature{0, std::string_view("II*\0", 4), "a TIFF image", kConvert},
    Signature{0, std::string_view("MM\0*", 4), "a TIFF image", kConvert},
    Signature{4, "ftypavif", "an AVIF image", kConvert},
    Signature{4, "ftyphei", "a HEIC image", kConvert},
    Signature{4, "ftyphev", "a HEIC image", kConvert},
    Signature{4, "ftypmif1", "a HEIF image", kConvert},
    Signature{4, "ftyp", "a video", "extract its frames as JPEG or PNG files"},
    Signature{4, "jP  ", "a JPEG 2000 image", kConvert},
    Signature{4, "JXL ", "a JPEG XL image", kConvert},
    Signature{0, "\xFF\x0A", "a JPEG XL image", kConvert},
    Signature{0, "BM", "a BMP image", kConvert},
    Signature{0, "8BPS", "a Photoshop document", kConvert},
    Signature{0, "%PDF", "a PDF document", kConvert},
    Signature{0, "PK\x03\x04", "a zip archive", "extract it first"},
    Signature{0, "<svg", "an SVG drawing", kConvert},
    Signature{0, "<", "a web page or other markup, perhaps a failed download", "download it again"},
    Signature{0, "version https://git-lfs", "a Git LFS pointer", "run git lfs pull"},
};

[[noreturn]] void fail_unknown(Bytes bytes, std::string_view name) {
    if (bytes.empty()) {
        throw Error(fmt::format("{}: the file is empty, expected a JPEG or PNG image", name));
    }
    for (const Signature& signature : kSignatures) {
        if (has_text(bytes, signature.offset, signature.magic)) {
            throw Error(fmt::format("{}: looks like {}, expected a JPEG or PNG image", name,
                                    signature.what),
                        signature.fix);
        }
    }
    std::string beginning;
    for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
        beginning += fmt::format(" {:02x}", byte);
    }
    throw Error(fmt::format("{}: begins with{}, expected a JPEG or PNG image", name, beginning),
                kConvert);
}

std::string text(ImageSize size) {
    return fmt::format("{}x{}", size.width, size.height);
}

}  // namespace

namespace image {

int orientation_for(const DecodeOptions& options, ImageSize stored, int orientation,
                    std::string_view name) {
    if (!options.expected_size) {
        return options.orientation == Orientation::apply_exif ? orientation : 1;
    }
    const ImageSize expected = *options.expected_size;
    const ImageSize turned = oriented_size(stored, orientation);
    if (turned == expected && (options.expected_upright || stored != expected)) {
        return orientation;
    }
    if (stored == expected) {
        return 1;
    }
    throw Error(
        fmt::format("{}: the image is {}{}, but the annotation file says {}", name, text(stored),
                    turned == stored ? "" : fmt::format(" ({} after EXIF rotation)", text(turned)),
                    text(expected)),
        "use the images that were annotated, or correct \"width\" and \"height\" in the annotation "
        "file");
}

void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels,
                std::string_view name) {
    if (width == 0 || height == 0) {
        throw Error(fmt::format("{}: the header says {}x{} pixels", name, width, height));
    }
    if (width > max_pixels / height) {
        throw Error(
            fmt::format("{}: the header says {}x{} pixels, the limit is {} pixels", name, width,
                        height, max_pixels),
            "if the image is really that large, raise --max-pixels (predict, eval) or shrink it");
    }
}

bool has_image_signature(Bytes bytes) {
    return is_jpeg(bytes) || is_png(bytes);
}

StoredImage decode_stored(Bytes bytes, std::string_view name, const DecodeOptions& options) {
    if (!has_image_signature(bytes)) {
        fail_unknown(bytes, name);
    }
    return is_jpeg(bytes) ? decode_jpeg(bytes, name, options) : decode_png(bytes, name, options);
}

StoredForm read_form(Bytes bytes, std::string_view name) {
    if (!has_image_signature(bytes)) {
        fail_unknown(bytes, name);
    }
    return is_jpeg(bytes) ? jpeg_form(bytes, name) : png_form(bytes, name);
}

}  // namespace image

Image decode_image(Bytes bytes, std::string_view name, const DecodeOptions& options) {
    image::StoredImage stored = image::decode_stored(bytes, name, options);
    const int orientation = image::orientation_for(options, stored.whole, stored.orientation, name);
    return image::apply_orientation(std::move(stored.image), orientation);
}

Image read_image(const std::filesystem::path& path, const DecodeOptions& options) {
    return decode_image(detail::read_file(path), path.string(), options);
}

}  // namespace embedmask
