// labelme annotation files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "data/labeled_mask.h"
#include "embedmask/image.h"

namespace embedmask::data {

class DatasetBuilder;

/// The text of a labelme JSON file (format 5) for the image called `image_path`. Each part of a
/// mask is one polygon; the parts of one object share a `group_id`; the score stands in
/// `description`. Outlines are simplified within `tolerance` pixels (0: exact pixel edges). labelme
/// polygons have no holes: holes are filled. Error when a mask has another size.
std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const LabeledMask> objects, float tolerance = 1.F);

/// Adds what the labelme files of the builder's folder show: polygons, and rectangles of two
/// points. Error that names the file for other shapes and for another image size.
void read_labelme(DatasetBuilder& builder);

}  // namespace embedmask::data
