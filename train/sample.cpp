#include "train/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "embedmask/error.h"
#include "predictor/input_rules.h"
#include "train/augment.h"
#include "train/geometry.h"
#include "train/random.h"

namespace embedmask::train {
namespace {

using torch::Tensor;

// A random crop keeps at least this fraction of each side.
constexpr double kSmallestCrop = 0.6;

int scaled(int side, double factor) {
    return std::max(1, static_cast<int>(std::lround(side * factor)));
}

void choose_window(Geometry& geometry, ImageSize window, std::mt19937_64& random) {
    geometry.crop_size = {std::min(window.width, geometry.resized.width),
                          std::min(window.height, geometry.resized.height)};
    geometry.crop_x =
        static_cast<int>(uniform_int(random, 0, geometry.resized.width - geometry.crop_size.width));
    geometry.crop_y = static_cast<int>(
        uniform_int(random, 0, geometry.resized.height - geometry.crop_size.height));
}

// The annotated box, or the box of the mask if the file has none.
CocoBox box_of(const Annotation& annotation, ImageSize image) {
    if (annotation.box) {
        return *annotation.box;
    }
    return bounding_box(to_mask(annotation.segmentation, image.height, image.width));
}

std::optional<Tensor> mask_of(const Annotation& annotation, const Geometry& geometry) {
    try {
        return transform_mask(annotation.segmentation, geometry);
    } catch (const Error& error) {
        throw Error(fmt::format("annotation {} of image {}: {}", annotation.id, annotation.image_id,
                                error.what()),
                    "`embedmask data check FILE` counts such annotations");
    }
}

Instances transform(const TrainingImage& image, const TrainingData& data,
                    const Geometry& geometry) {
    std::vector<Tensor> boxes;
    std::vector<std::int64_t> labels;
    std::vector<Tensor> masks;
    std::vector<Tensor> known;
    const ImageSize size = geometry.crop_size;
    for (const Annotation* annotation : image.annotations) {
        const auto box = transform_box(box_of(*annotation, image.size), geometry);
        if (!box) {
            continue;
        }
        const bool has_mask = annotation->segmentation.format != Segmentation::Format::none;
        const auto mask = has_mask ? mask_of(*annotation, geometry)
                                   : torch::zeros({size.height, size.width}, torch::kUInt8);
        if (!mask) {
            continue;
        }
        boxes.push_back(torch::tensor({box->x1, box->y1, box->x2, box->y2}, torch::kFloat32));
        labels.push_back(data.label(annotation->category_id));
        masks.push_back(*mask);
        known.push_back(torch::full({1}, has_mask, torch::kBool));
    }
    if (labels.empty()) {
        return {torch::zeros({0, 4}), torch::zeros({0}, torch::kInt64),
                torch::zeros({0, size.height, size.width}, torch::kUInt8),
                torch::zeros({0}, torch::kBool)};
    }
    return {torch::stack(boxes), torch::tensor(labels), torch::stack(masks), torch::cat(known)};
}

}  // namespace

SampleMaker::SampleMaker(const TrainingData& data, const Config& config, const ImageCache& cache)
    : data_(data), config_(config), cache_(cache) {}

int SampleMaker::draw_short_side(std::mt19937_64& random) const {
    const auto& choices = config_.input.short_train;
    if (config_.input.short_train_mode == ShortTrainMode::range) {
        return static_cast<int>(uniform_int(random, choices[0], choices[1]));
    }
    const auto last = static_cast<std::int64_t>(choices.size()) - 1;
    return static_cast<int>(choices[static_cast<std::size_t>(uniform_int(random, 0, last))]);
}

Sample SampleMaker::plain(std::size_t index, std::mt19937_64& random) const {
    const TrainingImage& record = data_.images()[index];
    const Config::Data& data = config_.data;
    DecodeOptions decode;
    decode.expected_size = record.size;
    decode.expected_upright = record.upright;

    Geometry geometry;
    geometry.original = record.size;
    geometry.plus_one = config_.legacy_plus_one;
    const ImageSize target =
        detail::input_size(record.size, draw_short_side(random), config_.input);
    geometry.resized = target;
    geometry.crop_size = target;
    geometry.flipped = uniform(random) < data.flip;
    if (!data.scale_jitter.empty()) {
        const double low = data.scale_jitter[0];
        const double factor = low + (data.scale_jitter[1] - low) * uniform(random);
        geometry.resized = {scaled(target.width, factor), scaled(target.height, factor)};
        choose_window(geometry, target, random);
    } else if (uniform(random) < data.crop) {
        const double part = kSmallestCrop + (1 - kSmallestCrop) * uniform(random);
        choose_window(geometry, {scaled(target.width, part), scaled(target.height, part)}, random);
    }

    if (data.scaled_decoding) {
        decode.shrink_to_short_side = std::min(geometry.resized.width, geometry.resized.height);
    }
    Sample sample;
    sample.image_id = record.id;
    sample.image = resize(cache_.read(record.file, decode), geometry.resized);
    if (geometry.flipped) {
        flip(sample.image);
    }
    if (geometry.crop_size != geometry.resized) {
        sample.image = cut(sample.image, geometry.crop_x, geometry.crop_y, geometry.crop_size);
    }
    sample.instances = transform(record, data_, geometry);
    if (data.color_jitter > 0) {
        jitter_colors(sample.image, data.color_jitter, random);
    }
    return sample;
}

Sample SampleMaker::make(std::size_t index, std::mt19937_64& random) const {
    Sample sample = plain(index, random);
    if (uniform(random) < config_.data.copy_paste) {
        const auto last = static_cast<std::int64_t>(data_.images().size()) - 1;
        const Sample other = plain(static_cast<std::size_t>(uniform_int(random, 0, last)), random);
        paste_objects(sample.image, sample.instances, other.image, other.instances,
                      config_.legacy_plus_one, random);
    }
    return sample;
}

}  // namespace embedmask::train
