// Derives the preprocessing from the configuration, for both prediction and training.
#pragma once

#include "embedmask/config.h"
#include "image/preprocess.h"

namespace embedmask::detail {

/// Channel order, range, mean and standard deviation of the pixels (spec §2.5).
image::PixelStatistics input_statistics(const Config::Input& input);

/// Network input size of an image, before padding, for a short side of `short_side` (spec §2.2).
ImageSize input_size(ImageSize image, int short_side, const Config::Input& input);

}  // namespace embedmask::detail
