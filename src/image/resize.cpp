#include <fmt/format.h>

#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/resample.h"
#include "image/view.h"

namespace embedmask {

Image resize(const Image& image, ImageSize size) {
    image::check_valid(image);
    if (size.width < 1 || size.height < 1) {
        throw Error(fmt::format("cannot resize an image to {}x{}", size.width, size.height));
    }
    if (size == image.size) {
        return image;
    }
    const image::RowKernels& kernels = image::best_kernels();
    image::RowWindow window(image, size, kernels);
    const auto width = static_cast<std::size_t>(size.width);
    Image result{size, std::vector<std::uint8_t>(3 * image::pixel_count(size))};
    std::vector<std::uint8_t> planes(3 * width);
    std::uint8_t* out = result.rgb.data();
    for (int y = 0; y < size.height; ++y) {
        window.advance(y);
        for (int c = 0; c < 3; ++c) {
            kernels.vertical(window.rows(c), window.weights(), size.width,
                             planes.data() + c * width);
        }
        for (std::size_t x = 0; x < width; ++x, out += 3) {
            out[0] = planes[x];
            out[1] = planes[width + x];
            out[2] = planes[2 * width + x];
        }
    }
    return result;
}

}  // namespace embedmask
