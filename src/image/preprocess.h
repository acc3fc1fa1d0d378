// From an image to the network's input, in one pass over its rows.
#pragma once

#include <array>

#include "embedmask/config.h"
#include "embedmask/image.h"

namespace embedmask::image {

/// Input size of an image whose short side shall become `short_side` unless the long one would
/// exceed `max_side`. Both sides are at least 1.
ImageSize resized_size(ImageSize original, int short_side, int max_side, ResizeRule rule);

/// Both sides rounded up to multiples of `divisor` (spec §2.5: 32).
ImageSize padded_size(ImageSize size, int divisor = 32);

/// How bytes become network input: (v / divisor - mean) / std per channel, in float32 (spec §2.5).
/// `mean` and `std` are in the order of the tensor's channels.
struct PixelStatistics {
    bool bgr = true;
    float divisor = 1;
    std::array<float, 3> mean{102.9801F, 115.9465F, 122.7717F};
    std::array<float, 3> std{1, 1, 1};
};

/// Resizes `image` to `target` (as `resize`, bit for bit), normalises, orders the channels, and
/// writes it to the top left corner of one image's slice of a batch tensor: 3 planes of
/// `padded.height` x `padded.width` floats at `out`. The rest of the slice becomes 0, the mean
/// colour. Holds a few rows beside it, never the resized image. One thread; any thread.
void preprocess(const ImageView& image, ImageSize target, const PixelStatistics& statistics,
                float* out, ImageSize padded);

}  // namespace embedmask::image
