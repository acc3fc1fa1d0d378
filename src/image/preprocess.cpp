#include "image/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "embedmask/error.h"
#include "image/resample.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

// Rounds to the nearest integer, halves to even.
int round_half_even(double value) {
    const double below = std::floor(value);
    const double rest = value - below;
    const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2.0) != 0.0);
    return static_cast<int>(below) + (up ? 1 : 0);
}

ImageSize mrcnn_size(ImageSize original, int short_side, int max_side) {
    const auto [width, height] = original;
    const double low = std::min(width, height);
    const double high = std::max(width, height);
    double side = short_side;
    if (high / low * side > max_side) {
        side = round_half_even(max_side * low / high);
    }
    if ((width <= height && width == side) || (height <= width && height == side)) {
        return original;
    }
    const int size = static_cast<int>(side);
    if (width < height) {
        return {size, static_cast<int>(side * height / width)};
    }
    return {static_cast<int>(side * width / height), size};
}

ImageSize d2_size(ImageSize original, int short_side, int max_side) {
    const auto [width, height] = original;
    const double scale = short_side * 1.0 / std::min(width, height);
    double new_width = width < height ? short_side : scale * width;
    double new_height = width < height ? scale * height : short_side;
    if (std::max(new_width, new_height) > max_side) {
        const double shrink = max_side * 1.0 / std::max(new_width, new_height);
        new_width *= shrink;
        new_height *= shrink;
    }
    return {static_cast<int>(std::floor(new_width + 0.5)),
            static_cast<int>(std::floor(new_height + 0.5))};
}

void check_target(ImageSize target, ImageSize padded) {
    if (target.width >= 1 && target.height >= 1 && target.width <= padded.width &&
        target.height <= padded.height) {
        return;
    }
    throw Error(fmt::format("cannot resize an image to {}x{} inside {}x{}", target.width,
                            target.height, padded.width, padded.height));
}

}  // namespace

ImageSize resized_size(ImageSize original, int short_side, int max_side, ResizeRule rule) {
    if (original.width < 1 || original.height < 1 || short_side < 1 || max_side < 1) {
        throw Error(fmt::format(
            "an image of {}x{}, short side {}, max side {}: expected all to be at least 1",
            original.width, original.height, short_side, max_side));
    }
    const ImageSize size = rule == ResizeRule::mrcnn ? mrcnn_size(original, short_side, max_side)
                                                     : d2_size(original, short_side, max_side);
    // 0 is possible only for an image with an aspect ratio above 1000.
    return {std::max(size.width, 1), std::max(size.height, 1)};
}

ImageSize padded_size(ImageSize size, int divisor) {
    const auto up = [divisor](int n) { return (n + divisor - 1) / divisor * divisor; };
    return {up(size.width), up(size.height)};
}

void preprocess(const ImageView& image, ImageSize target, const PixelStatistics& statistics,
                float* out, ImageSize padded) {
    check_valid(image);
    check_target(target, padded);
    const RowKernels& kernels = best_kernels();
    RowWindow window(image, target, kernels);
    const auto row_floats = static_cast<std::size_t>(padded.width);
    const std::size_t plane_floats = pixel_count(padded);
    for (int y = 0; y < target.height; ++y) {
        window.advance(y);
        for (int c = 0; c < 3; ++c) {
            float* row = out + c * plane_floats + y * row_floats;
            kernels.vertical_normalized(
                window.rows(statistics.bgr ? 2 - c : c), window.weights(), target.width,
                {statistics.divisor, statistics.mean[c], statistics.std[c]}, row);
            std::fill(row + target.width, row + row_floats, 0.0F);
        }
    }
    for (int c = 0; c < 3; ++c) {
        float* plane = out + c * plane_floats;
        std::fill(plane + target.height * row_floats, plane + plane_floats, 0.0F);
    }
}

}  // namespace embedmask::image
