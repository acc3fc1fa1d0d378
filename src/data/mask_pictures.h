// One black and white picture an object, called PHOTO-OBJECT-CATEGORYID.png.
#pragma once

#include <filesystem>

#include "data/labelled_photo.h"

namespace embedmask::data {

class DatasetBuilder;

/// Writes the pictures of one photo's objects; OBJECT is the annotation's id.
void write_mask_pictures(const std::filesystem::path& folder, const LabelledPhoto& photo);

/// Adds the objects of all such pictures in the builder's folder: pixels above 127 belong to the
/// object. Error that names the picture for another name or another size than its photo's.
void read_mask_pictures(DatasetBuilder& builder);

}  // namespace embedmask::data
