#include "data/formats/label_frame.h"

#include <fmt/format.h>

#include "embedmask/error.h"
#include "image/orientation.h"

namespace embedmask::data {

LabeledFrame LabeledFrame::for_size(ImageSize recorded, const std::string& owner) const {
    if (recorded == size) {
        return *this;
    }
    // Rows and columns swap, in either direction.
    const ImageSize stored = image::oriented_size(size, orientation);
    if (recorded == stored) {
        return {image_id, stored, orientation, orientation};
    }
    throw Error(fmt::format("{}: labelled on an image of {}x{}, but the image with this name is "
                            "{}x{}",
                            owner, recorded.width, recorded.height, size.width, size.height),
                "use the images that were labelled");
}

}  // namespace embedmask::data
