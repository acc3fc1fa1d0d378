// The run lengths of masks in CVAT's XML files.
#pragma once

#include <string>
#include <string_view>

#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

// Runs alternate between background and object, beginning with background (which may be 0), along
// the rows of the mask's box.

/// A mask as CVAT stores it.
struct CvatMask {
    int left = 0;
    int top = 0;
    ImageSize size;    ///< of the box
    std::string runs;  ///< "0, 4, 12, 5"
};

/// Error if the mask has no pixel.
CvatMask cvat_mask(const Rle& mask);

/// The mask in an image of size `image`. Where the runs end before the box, the rest is background.
/// Error for text that is not a list of numbers, for runs beyond the box, and for a box larger than
/// the image.
Rle mask_of_cvat(std::string_view runs, ImageSize box, std::int64_t left, std::int64_t top,
                 ImageSize image);

}  // namespace embedmask::data
