// YOLO segmentation labels.
#pragma once

#include <span>
#include <string>

#include "data/formats/labeled_object.h"
#include "embedmask/image.h"

namespace embedmask::data {

class DatasetBuilder;

/// The text of a YOLO-seg label file: one line per object with at least one pixel, the category
/// index (from 0) and then x y pairs divided by the image's width and height. The format supports
/// one ring per object: several parts are joined by zero-width cuts between their nearest points,
/// and holes are filled. Outlines are simplified within `tolerance` pixels (0: exact pixel edges).
/// Error if a mask has a different size.
std::string yolo_text(ImageSize size, std::span<const LabeledObject> objects,
                      float tolerance = 1.F);

/// Adds the objects of the label files in the builder's folder. Error (with file and line) for an
/// invalid ring.
void read_yolo(DatasetBuilder& builder);

}  // namespace embedmask::data
