// Augmentations of an image that was already resized (§2.4 names the flip; the rest is off by
// default).
#pragma once

#include <random>

#include "embedmask/image.h"
#include "train/batch.h"

namespace embedmask::train {

/// Mirrors the columns.
void flip(Image& image);

/// Keeps the window of `size` at (x, y), which lies inside.
Image cut(const Image& image, int x, int y, ImageSize size);

/// Brightness, contrast and saturation, each changed by a factor in [1 − strength, 1 + strength].
void jitter_colors(Image& image, double strength, std::mt19937_64& random);

/// Copies each object of `other` with a known mask, with probability ½, to the same place in
/// `image`. Objects that are covered lose those pixels; one of which less than a fifth is left
/// goes. Boxes are inclusive under `legacy_plus_one`.
void paste_objects(Image& image, Instances& instances, const Image& other, const Instances& others,
                   bool legacy_plus_one, std::mt19937_64& random);

}  // namespace embedmask::train
