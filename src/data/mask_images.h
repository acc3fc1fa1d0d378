// One black and white image an object, called IMAGE-OBJECT-CATEGORYID.png.
#pragma once

#include <filesystem>

#include "data/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

/// Writes the images of one image's objects; OBJECT is the annotation's id.
void write_mask_images(const std::filesystem::path& folder, const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder: pixels above 127 belong to the
/// object. Error that names the image for another name or another size than its image's.
void read_mask_images(DatasetBuilder& builder);

}  // namespace embedmask::data
