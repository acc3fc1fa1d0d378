// The run lengths of Label Studio's brush masks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

// The bits, from the highest of each byte, are: the number of values (32 bits), the bits per value
// less 1 (5), four widths of run lengths less 1 (4 each), and then runs. A run is a flag (1), which
// of the widths its length has (2), the length less 1, and the value once if the flag is set, else
// as many values as the length says. The values are the RGBA samples of the pixels in row order;
// alpha tells the mask. This is the format of the rle-pack library by K. Schmidt.

/// The mask of the samples of an image. Error if the bits end too early or say another number of
/// values than 4 per pixel.
Rle mask_of_label_studio(std::span<const std::uint8_t> bytes, ImageSize image);

/// A mask as 8-bit samples, 0 or 255 in all four channels.
std::vector<std::uint8_t> label_studio_runs(const Rle& mask);

}  // namespace embedmask::data
