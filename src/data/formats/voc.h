// Pascal VOC class and object images, in the VOC colours.
#pragma once

#include <string>
#include <vector>

#include "base/output_folder.h"
#include "data/formats/labeled_image.h"

namespace embedmask::data {

class DatasetBuilder;

inline constexpr const char* kVocClassFolder = "SegmentationClass";
inline constexpr const char* kVocObjectFolder = "SegmentationObject";

/// The name of both label images of an image.
std::string voc_name(const std::string& stem);

/// Writes the label images of one image, one into each folder. Where objects overlap, one keeps the
/// pixel; crowds are void. Returns the annotations of the objects, other than crowds, that keep no
/// pixel. Error for more objects than VOC has colours.
std::vector<const Annotation*> write_voc(detail::OutputFolder& class_folder,
                                         detail::OutputFolder& object_folder,
                                         const LabeledImage& image);

/// Adds the objects of all such images in the builder's folder; `voc_pixels` tells their numbers.
/// Error (with the file name) if its size differs from the image's or an object has
/// no class or several.
void read_voc(DatasetBuilder& builder);

}  // namespace embedmask::data
