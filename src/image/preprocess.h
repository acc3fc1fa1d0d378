// Converts an image to network input in one pass over its rows.
#pragma once

#include <array>

#include "embedmask/config.h"
#include "embedmask/image.h"

namespace embedmask::image {

/// Network input size of an image: the short side becomes `short_side` unless the long side would
/// exceed `max_side`. Both sides are at least 1.
ImageSize resized_size(ImageSize original, int short_side, int max_side, ResizeRule rule);

/// Both sides rounded up to multiples of `divisor` (spec §2.5: 32).
ImageSize padded_size(ImageSize size, int divisor = 32);

/// Normalisation from bytes to network input: (v / divisor - mean) / std per channel, in float32
/// (spec §2.5). `mean` and `std` are in the channel order of the tensor.
struct PixelStatistics {
    bool bgr = true;
    float divisor = 1;
    std::array<float, 3> mean{102.9801F, 115.9465F, 122.7717F};
    std::array<float, 3> std{1, 1, 1};
};

/// Resizes `image` to `target` (bit-identical to `resize`), normalises it, orders the channels, and
/// writes it to the top left corner of one image's slice of a batch tensor: 3 planes of
/// `padded.height` x `padded.width` floats at `out`. The rest of the slice is set to 0, the mean
/// colour. Needs memory for a few rows, never for the resized image. Uses one thread; may be called
/// from any thread.
void preprocess(const ImageView& image, ImageSize target, const PixelStatistics& statistics,
                float* out, ImageSize padded);

}  // namespace embedmask::image
