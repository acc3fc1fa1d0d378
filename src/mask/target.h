// Ground-truth masks on the quarter-resolution grid (spec §6.5 step 2, §6.8, §11 item 12).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::mask {

enum class TargetRule {
    any,     ///< bilinear then > 0, which is the OR of the centre 2x2 of every 4x4 pixels
    sample,  ///< pixel (2, 2) of every 4x4 pixels
};

/// `mask`: rows of size.height x size.width bytes, 0 = background; it is zero-padded to `padded`
/// (multiples of 4). Returns padded.height/4 rows of padded.width/4 bytes 0 or 1.
std::vector<std::uint8_t> quarter_target(std::span<const std::uint8_t> mask, ImageSize size,
                                         ImageSize padded, TargetRule rule);

}  // namespace embedmask::mask
