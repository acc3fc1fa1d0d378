// Entry point of decoding: selects the format, the orientation and the error message.
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/paged_path.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/image_format.h"
#include "image/orientation.h"
#include "image/sample_range.h"
#include "image/stored_image.h"

namespace embedmask {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Reports a page of a file that has none.
void check_page(std::optional<int> page, image::ImageFormat format, std::string_view name) {
    if (page && format != image::ImageFormat::tiff) {
        throw Error(fmt::format("{}: found {} image: expected a TIFF file, for page {}", name,
                                image::name_of(format), *page),
                    "pass the file without [PAGE]");
    }
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
    constexpr std::uint64_t kMostSide = std::numeric_limits<int>::max();
    if (width > max_pixels / height || width > kMostSide || height > kMostSide) {
        throw Error(
            fmt::format("{}: the header says {}x{} pixels, the limit is {} pixels", name, width,
                        height, max_pixels),
            "if the image is really that large, raise --max-pixels (predict, eval) or shrink it");
    }
}

StoredImage decode_stored(Bytes bytes, std::string_view name, const DecodeOptions& options) {
    check_range(options.range);
    const std::optional<ImageFormat> format = format_of(bytes);
    if (!format) {
        fail_unknown(bytes, name);
    }
    check_page(options.page, *format, name);
    switch (*format) {
        case ImageFormat::jpeg:
            return decode_jpeg(bytes, name, options);
        case ImageFormat::png:
            return decode_png(bytes, name, options);
        case ImageFormat::webp:
            return decode_webp(bytes, name, options);
        case ImageFormat::tiff:
            return decode_tiff(bytes, name, options);
        case ImageFormat::gif:
            return decode_gif(bytes, name, options);
        case ImageFormat::bmp:
            return decode_bmp(bytes, name, options);
        case ImageFormat::pnm:
            break;
    }
    return decode_pnm(bytes, name, options);
}

StoredImage read_stored(const std::filesystem::path& path, const DecodeOptions& options) {
    const detail::PagedPath paged = detail::paged_path(path);
    DecodeOptions decode = options;
    if (paged.page) {
        decode.page = paged.page;
    }
    return decode_stored(detail::read_file(paged.file), path.string(), decode);
}

Image upright(StoredImage stored, const DecodeOptions& options, std::string_view name) {
    const int orientation = orientation_for(options, stored.whole, stored.orientation, name);
    return apply_orientation(std::move(stored.image), orientation);
}

StoredForm read_form(Bytes bytes, std::string_view name, std::optional<int> page) {
    const std::optional<ImageFormat> format = format_of(bytes);
    if (!format) {
        fail_unknown(bytes, name);
    }
    check_page(page, *format, name);
    switch (*format) {
        case ImageFormat::jpeg:
            return jpeg_form(bytes, name);
        case ImageFormat::png:
            return png_form(bytes, name);
        case ImageFormat::webp:
            return webp_form(bytes, name);
        case ImageFormat::tiff:
            return tiff_form(bytes, name, page);
        case ImageFormat::gif:
            return gif_form(bytes, name);
        case ImageFormat::bmp:
            return bmp_form(bytes, name);
        case ImageFormat::pnm:
            break;
    }
    return pnm_form(bytes, name);
}

}  // namespace image

Image decode_image(Bytes bytes, std::string_view name, const DecodeOptions& options) {
    return image::upright(image::decode_stored(bytes, name, options), options, name);
}

Image read_image(const std::filesystem::path& path, const DecodeOptions& options) {
    return image::upright(image::read_stored(path, options), options, path.string());
}

}  // namespace embedmask
