// One image with its objects, augmented (§2.4).
#pragma once

#include <random>

#include "embedmask/config.h"
#include "embedmask/image.h"
#include "train/batch.h"
#include "train/image_cache.h"
#include "train/training_data.h"

namespace embedmask::train {

struct Sample {
    Image image;  ///< resized, flipped, cropped; not normalised
    Instances instances;
    std::int64_t image_id = 0;
};

/// Creates samples from `data`. All random choices come from the given generator, so equal
/// generators give equal samples. Const; thread-safe.
class SampleMaker {
public:
    SampleMaker(const TrainingData& data, const Config& config, const ImageCache& cache);

    [[nodiscard]] Sample make(std::size_t index, std::mt19937_64& random) const;

private:
    [[nodiscard]] Sample plain(std::size_t index, std::mt19937_64& random) const;
    [[nodiscard]] int draw_short_side(std::mt19937_64& random) const;

    const TrainingData& data_;
    Config config_;
    const ImageCache& cache_;
};

}  // namespace embedmask::train
