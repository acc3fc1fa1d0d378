#include "train/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "train/random.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

constexpr std::size_t kChannels = 3;

std::uint8_t to_byte(double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

double luminance(const std::uint8_t* pixel) {
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
}

Tensor pixels_of(Image& image) {
    return torch::from_blob(image.rgb.data(), {image.size.height, image.size.width, 3},
                            torch::kUInt8);
}

// Boxes of non-empty masks (G, h, w). x2 and y2 are the last pixels under `legacy_plus_one`, else
// their far edges.
Tensor boxes_of(const Tensor& masks, bool legacy_plus_one) {
    const int beyond = legacy_plus_one ? 0 : 1;
    std::vector<Tensor> sides;
    for (const int axis : {2, 1}) {  // columns, then rows
        const Tensor any = masks.amax(axis == 2 ? 1 : 2).to(torch::kInt64);
        const Tensor first = any.argmax(1);
        const Tensor last = any.size(1) - 1 - any.flip(1).argmax(1);
        sides.push_back(torch::stack({first, last + beyond}, 1));
    }
    return torch::stack({sides[0].select(1, 0), sides[1].select(1, 0), sides[0].select(1, 1),
                         sides[1].select(1, 1)},
                        1)
        .to(torch::kFloat32);
}

Instances select(const Instances& instances, const Tensor& kept) {
    return {instances.boxes.index({kept}), instances.labels.index({kept}),
            instances.masks.index({kept}), instances.known.index({kept})};
}

}  // namespace

void flip(Image& image) {
    const auto width = static_cast<std::size_t>(image.size.width);
    for (int y = 0; y < image.size.height; ++y) {
        std::uint8_t* row = image.rgb.data() + static_cast<std::size_t>(y) * width * kChannels;
        for (std::size_t left = 0, right = width - 1; left < right; ++left, --right) {
            std::swap_ranges(row + left * kChannels, row + (left + 1) * kChannels,
                             row + right * kChannels);
        }
    }
}

Image cut(const Image& image, int x, int y, ImageSize size) {
    Image part{size, {}};
    const std::size_t bytes = static_cast<std::size_t>(size.width) * kChannels;
    part.rgb.resize(bytes * static_cast<std::size_t>(size.height));
    for (int row = 0; row < size.height; ++row) {
        const std::size_t from =
            (static_cast<std::size_t>(y + row) * static_cast<std::size_t>(image.size.width) +
             static_cast<std::size_t>(x)) *
            kChannels;
        std::memcpy(part.rgb.data() + static_cast<std::size_t>(row) * bytes,
                    image.rgb.data() + from, bytes);
    }
    return part;
}

void jitter_colors(Image& image, double strength, std::mt19937_64& random) {
    const auto factor = [&] { return 1 + strength * (2 * uniform(random) - 1); };
    const double brightness = factor();
    const double contrast = factor();
    const double saturation = factor();
    double mean = 0;
    for (std::size_t i = 0; i < image.rgb.size(); i += kChannels) {
        mean += luminance(&image.rgb[i]);
    }
    mean /= static_cast<double>(std::max<std::size_t>(image.rgb.size() / kChannels, 1));
    for (std::size_t i = 0; i < image.rgb.size(); i += kChannels) {
        const double gray = luminance(&image.rgb[i]);
        for (std::size_t c = 0; c < kChannels; ++c) {
            const double saturated = gray + saturation * (image.rgb[i + c] - gray);
            image.rgb[i + c] = to_byte(brightness * (mean + contrast * (saturated - mean)));
        }
    }
}

void paste_objects(Image& image, Instances& instances, const Image& other, const Instances& others,
                   bool legacy_plus_one, std::mt19937_64& random) {
    constexpr double kSmallestPart = 0.2;
    const ImageSize common{std::min(image.size.width, other.size.width),
                           std::min(image.size.height, other.size.height)};
    std::vector<std::int64_t> chosen;
    for (std::int64_t g = 0; g < others.size(); ++g) {
        const bool wanted = uniform(random) < 0.5;
        if (wanted && others.known[g].item<bool>()) {
            chosen.push_back(g);
        }
    }
    if (chosen.empty()) {
        return;
    }
    const Tensor index = torch::tensor(chosen);
    Tensor masks =
        torch::zeros({index.size(0), image.size.height, image.size.width}, torch::kUInt8);
    masks.slice(1, 0, common.height)
        .slice(2, 0, common.width)
        .copy_(others.masks.index_select(0, index)
                   .slice(1, 0, common.height)
                   .slice(2, 0, common.width));
    const Tensor visible = masks.sum({1, 2}) > 0;
    if (!visible.any().item<bool>()) {
        return;
    }
    masks = masks.index({visible});
    const Tensor covered = masks.amax(0).to(torch::kBool);

    Image source = other;
    const Tensor from = pixels_of(source).slice(0, 0, common.height).slice(1, 0, common.width);
    Tensor to = pixels_of(image).slice(0, 0, common.height).slice(1, 0, common.width);
    const Tensor window = covered.slice(0, 0, common.height).slice(1, 0, common.width);
    to.copy_(torch::where(window.unsqueeze(2), from, to));

    if (instances.size() > 0) {
        const Tensor before = instances.masks.sum({1, 2}).to(torch::kFloat32);
        const Tensor left = instances.masks * (~covered).to(torch::kUInt8);
        const Tensor after = left.sum({1, 2}).to(torch::kFloat32);
        const Tensor touched = (after < before) & (after > 0);
        instances.masks = left;
        if (touched.any().item<bool>()) {
            instances.boxes.index_put_({touched}, boxes_of(left.index({touched}), legacy_plus_one));
        }
        instances =
            select(instances, ~instances.known | (before == 0) | (after >= kSmallestPart * before));
    }
    const Tensor labels = others.labels.index_select(0, index).index({visible});
    instances = {torch::cat({instances.boxes, boxes_of(masks, legacy_plus_one)}),
                 torch::cat({instances.labels, labels}), torch::cat({instances.masks, masks}),
                 torch::cat({instances.known, torch::ones({labels.size(0)}, torch::kBool)})};
}

}  // namespace embedmask::train
