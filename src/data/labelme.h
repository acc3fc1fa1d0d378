// labelme annotation files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "data/labeled_mask.h"
#include "embedmask/image.h"

namespace embedmask::data {

class DatasetBuilder;

/// The text of a labelme JSON file (format 5) for the image `image_path`. Each part of a mask is
/// one polygon; the parts of one object share a `group_id`; the score is stored in `description`.
/// Outlines are simplified within `tolerance` pixels (0: exact pixel edges). Holes are filled,
/// since labelme polygons have none. Error if a mask has a different size.
std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const LabeledMask> objects, float tolerance = 1.F);

/// Adds the objects of the labelme files in the builder's folder. Shapes without an area are left
/// out and counted. Error (with the file name) for a broken shape and for a different image size.
void read_labelme(DatasetBuilder& builder);

}  // namespace embedmask::data
