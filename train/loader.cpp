#include "train/loader.h"

#include <algorithm>

#include "predictor/input_rules.h"
#include "train/random.h"

namespace embedmask::train {

Batch collate(const std::vector<Sample>& samples, const Config& config) {
    ImageSize padded;
    for (const Sample& sample : samples) {
        const ImageSize own =
            image::padded_size(sample.image.size, static_cast<int>(config.input.size_divisor));
        padded = {std::max(padded.width, own.width), std::max(padded.height, own.height)};
    }
    const auto count = static_cast<std::int64_t>(samples.size());
    Batch batch;
    batch.images = torch::empty({count, 3, padded.height, padded.width});
    const image::PixelStatistics statistics = detail::input_statistics(config.input);
    for (std::int64_t i = 0; i < count; ++i) {
        const Sample& sample = samples[static_cast<std::size_t>(i)];
        image::preprocess(sample.image, sample.image.size, statistics,
                          batch.images[i].data_ptr<float>(), padded);
        batch.instances.push_back(sample.instances);
        batch.image_ids.push_back(sample.image_id);
    }
    return batch;
}

Loader::Loader(SampleMaker maker, Sampler sampler, const Config& config,
               const LoaderOptions& options)
    : maker_(std::move(maker)),
      sampler_(std::move(sampler)),
      config_(config),
      options_(options),
      number_(options.first) {
    sampler_.skip(options.first);
}

Batch Loader::make(const std::vector<std::int64_t>& indices, std::int64_t number) const {
    std::vector<Sample> samples;
    for (std::size_t slot = 0; slot < indices.size(); ++slot) {
        std::mt19937_64 random =
            random_for({options_.seed, options_.rank, number, static_cast<std::int64_t>(slot)});
        samples.push_back(maker_.make(static_cast<std::size_t>(indices[slot]), random));
    }
    Batch batch = collate(samples, config_);
    if (options_.pinned) {
        batch.images = batch.images.pin_memory();
    }
    return batch;
}

Batch Loader::next() {
    if (options_.workers == 0) {
        const std::int64_t number = number_++;
        return make(sampler_.next(), number);
    }
    while (waiting_.size() < static_cast<std::size_t>(2 * options_.workers)) {
        const std::int64_t number = number_++;
        waiting_.push_back(std::async(
            std::launch::async,
            [this, number, indices = sampler_.next()] { return make(indices, number); }));
    }
    std::future<Batch> first = std::move(waiting_.front());
    waiting_.pop_front();
    return first.get();
}

}  // namespace embedmask::train
