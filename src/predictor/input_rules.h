// How the configuration turns images into network input; the same for prediction and training.
#pragma once

#include "embedmask/config.h"
#include "image/preprocess.h"

namespace embedmask::detail {

/// Order, range, mean and deviation of the pixels (spec §2.5).
image::PixelStatistics input_statistics(const Config::Input& input);

/// Size of an image in the network, before padding, for a short side of `short_side` (spec §2.2).
ImageSize input_size(ImageSize image, int short_side, const Config::Input& input);

}  // namespace embedmask::detail
