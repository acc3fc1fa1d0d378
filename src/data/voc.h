// Pascal VOC's images of classes and objects, in its colours.
#pragma once

#include <filesystem>

#include "data/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

/// Makes the folders of the two kinds of images inside of `folder`.
void make_voc_folders(const std::filesystem::path& folder);

/// Writes the two images of an image: SegmentationClass/NAME.png and SegmentationObject/NAME.png.
/// Of overlapping objects one keeps the pixel; crowds are void. Error for more objects than VOC has
/// colours.
void write_voc(const std::filesystem::path& folder, const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder. Error that names the image when
/// it is of another size than its image or an object has no class.
void read_voc(DatasetBuilder& builder);

}  // namespace embedmask::data
