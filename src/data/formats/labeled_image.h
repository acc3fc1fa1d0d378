// One image with its objects, as input for the writers of labels.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "data/formats/labeled_object.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::data {

/// Must not be copied: `objects` may point into `masks`. The record and the annotations are
/// borrowed.
struct LabeledImage {
    LabeledImage() = default;
    LabeledImage(const LabeledImage&) = delete;
    LabeledImage& operator=(const LabeledImage&) = delete;
    LabeledImage(LabeledImage&&) = default;
    LabeledImage& operator=(LabeledImage&&) = default;
    ~LabeledImage() = default;

    const ImageRecord* record = nullptr;
    std::string name;  ///< file name without extension
    std::string path;  ///< of the image, from the folder of the labels
    ImageSize size;    ///< of the frame of the objects
    std::deque<Rle> masks;
    std::vector<LabeledObject> objects;
    std::vector<const Annotation*> annotations;  ///< of the objects; empty for predictions
};

/// An image without labels.
inline Image black_image(ImageSize size) {
    const auto pixels =
        static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    return {size, std::vector<std::uint8_t>(3 * pixels, 0)};
}

}  // namespace embedmask::data
