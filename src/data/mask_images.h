// One black and white image per object, named IMAGE-OBJECT-CATEGORYID.png.
#pragma once

#include <filesystem>

#include "data/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

/// Writes the mask images of one image; OBJECT is the annotation id.
void write_mask_images(const std::filesystem::path& folder, const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder; `object_pixels` tells which pixels
/// belong to the object. An image with the name of its image is an id map (`read_id_map`). Error
/// (with the file name) for any other name and for a size that differs from the image's.
void read_mask_images(DatasetBuilder& builder);

}  // namespace embedmask::data
