#include "image/view.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "embedmask/error.h"

namespace embedmask {

int bytes_per_pixel(PixelOrder order) {
    switch (order) {
        case PixelOrder::gray:
            return 1;
        case PixelOrder::rgba:
        case PixelOrder::bgra:
            return 4;
        case PixelOrder::rgb:
        case PixelOrder::bgr:
            break;
    }
    return 3;
}

ImageView::ImageView(const Image& image)
    : data(image.rgb.data()),
      size(image.size),
      row_stride(static_cast<std::ptrdiff_t>(3) * image.size.width) {
    image::check_valid(image);
}

Image to_image(const ImageView& view) {
    image::check_valid(view);
    Image image{view.size, std::vector<std::uint8_t>(3 * image::pixel_count(view.size))};
    for (int y = 0; y < view.size.height; ++y) {
        image::copy_row(view, y, image.rgb.data() + 3UL * view.size.width * y);
    }
    return image;
}

namespace image {

void check_valid(const Image& image) {
    const bool positive = image.size.width > 0 && image.size.height > 0;
    if (positive && image.rgb.size() == 3 * pixel_count(image.size)) {
        return;
    }
    throw Error(fmt::format("an image of {}x{} pixels has {} bytes, expected 3 per pixel",
                            image.size.width, image.size.height, image.rgb.size()),
                {}, ErrorKind::usage);
}

void check_valid(const ImageView& view) {
    const auto row_bytes =
        static_cast<std::ptrdiff_t>(view.size.width) * bytes_per_pixel(view.order);
    const bool positive = view.size.width > 0 && view.size.height > 0;
    if (view.data != nullptr && positive && std::abs(view.row_stride) >= row_bytes) {
        return;
    }
    throw Error(fmt::format("ImageView: {}x{} pixels, {}, row stride {}: expected a positive size "
                            "and rows of at least {} bytes",
                            view.size.width, view.size.height,
                            view.data == nullptr ? "no data" : "data", view.row_stride, row_bytes),
                {}, ErrorKind::usage);
}

void copy_row(const ImageView& view, int y, std::uint8_t* rgb) {
    const std::uint8_t* row = view.data + view.row_stride * y;
    const int width = view.size.width;
    if (view.order == PixelOrder::rgb) {
        std::memcpy(rgb, row, 3UL * width);
        return;
    }
    const int step = bytes_per_pixel(view.order);
    const bool swap = view.order == PixelOrder::bgr || view.order == PixelOrder::bgra;
    const int green = step == 1 ? 0 : 1;
    const int last = step == 1 ? 0 : 2;
    const int red = swap ? last : 0;
    const int blue = swap ? 0 : last;
    for (int x = 0; x < width; ++x, row += step, rgb += 3) {
        rgb[0] = row[red];
        rgb[1] = row[green];
        rgb[2] = row[blue];
    }
}

}  // namespace image
}  // namespace embedmask
