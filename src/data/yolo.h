// YOLO segmentation labels.
#pragma once

#include <span>
#include <string>

#include "data/labeled_mask.h"
#include "embedmask/image.h"

namespace embedmask::data {

class DatasetBuilder;

/// The text of a YOLO-seg label file: one line per object with at least one pixel, the category
/// index (from 0) and then x y pairs divided by the image's width and height. The format knows
/// one ring per object: several parts are joined by cuts of no width between their nearest points,
/// and holes, which it cannot express, are filled. Outlines are simplified within `tolerance`
/// pixels (0: exact pixel edges). Error when a mask has another size.
std::string yolo_text(ImageSize size, std::span<const LabeledMask> objects, float tolerance = 1.F);

/// Adds the objects of the label files in the builder's folder. Error that names the file and the
/// line for what is no ring.
void read_yolo(DatasetBuilder& builder);

}  // namespace embedmask::data
