// Pascal VOC class and object images, in the VOC colours.
#pragma once

#include <filesystem>

#include "data/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

/// Creates the folders of both kinds of images inside `folder`.
void make_voc_folders(const std::filesystem::path& folder);

/// Writes the label images of one image: SegmentationClass/NAME.png and
/// SegmentationObject/NAME.png. Where objects overlap, one keeps the pixel; crowds are void. Error
/// for more objects than VOC has colours.
void write_voc(const std::filesystem::path& folder, const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder; `voc_pixels` tells their numbers.
/// Error (with the file name) if its size differs from the image's or an object has no class.
void read_voc(DatasetBuilder& builder);

}  // namespace embedmask::data
