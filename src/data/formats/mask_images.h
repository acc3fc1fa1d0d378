// One black and white image per object, named IMAGE-OBJECT-CATEGORYID.png.
#pragma once

#include <string>

#include "base/output_folder.h"
#include "data/formats/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

/// The name of the file for an object of `image`; OBJECT is the annotation id.
std::string mask_image_name(const std::string& image, const Annotation& annotation);

/// Writes the mask images of one image.
void write_mask_images(detail::OutputFolder& folder, const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder; `object_pixels` tells which pixels
/// belong to the object. An image with the name of its image is an id map (`read_id_map`). Error
/// (with the file name) for any other name and for a size that differs from the image's.
void read_mask_images(DatasetBuilder& builder);

}  // namespace embedmask::data
