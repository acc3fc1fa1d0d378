// Pascal VOC's pictures of classes and objects, in its colours.
#pragma once

#include <filesystem>

#include "data/labelled_photo.h"

namespace embedmask::data {

class DatasetBuilder;

/// Makes the folders of the two kinds of pictures inside of `folder`.
void make_voc_folders(const std::filesystem::path& folder);

/// Writes the two pictures of a photo: SegmentationClass/NAME.png and SegmentationObject/NAME.png.
/// Of overlapping objects one keeps the pixel; crowds are void. Error for more objects than VOC has
/// colours.
void write_voc(const std::filesystem::path& folder, const LabelledPhoto& photo);

/// Adds the objects of all such pictures in the builder's folder. Error that names the picture when
/// it is of another size than its photo or an object has no class.
void read_voc(DatasetBuilder& builder);

}  // namespace embedmask::data
