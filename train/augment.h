// Augmentations of a resized image (§2.4 specifies the flip; the rest is off by default).
#pragma once

#include <random>

#include "embedmask/image.h"
#include "train/batch.h"

namespace embedmask::train {

/// Mirrors the image horizontally.
void flip(Image& image);

/// Crops to the window of `size` at (x, y), which must be inside the image.
Image cut(const Image& image, int x, int y, ImageSize size);

/// Scales brightness, contrast and saturation, each by a factor in [1 − strength, 1 + strength].
void jitter_colors(Image& image, double strength, std::mt19937_64& random);

/// Copies each object of `other` with a known mask, with probability ½, to the same position in
/// `image`. Covered objects lose those pixels and are removed if less than a fifth is left. Boxes
/// are inclusive under `legacy_plus_one`.
void paste_objects(Image& image, Instances& instances, const Image& other, const Instances& others,
                   bool legacy_plus_one, std::mt19937_64& random);

}  // namespace embedmask::train
