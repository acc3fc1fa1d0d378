#include "image/view.h"

#include <fmt/format.h>

#include "embedmask/error.h"

namespace embedmask::image {

void check_valid(const Image& image) {
    const bool positive = image.size.width > 0 && image.size.height > 0;
    if (positive && image.rgb.size() == 3 * pixel_count(image.size)) return;
    throw Error(fmt::format("a picture of {}x{} pixels holds {} bytes, expected 3 per pixel",
                            image.size.width, image.size.height, image.rgb.size()));
}

}  // namespace embedmask::image
