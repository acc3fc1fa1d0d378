// labelme annotation files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "data/formats/labeled_object.h"
#include "embedmask/image.h"

namespace embedmask::data {

class DatasetBuilder;

struct LabelmeOptions {
    float tolerance = 1;  ///< outlines are simplified within this distance, pixels
    /// Keep the polygons with which an object was drawn, and write masks with holes, which the
    /// polygons of labelme do not have, as shapes of the kind "mask". Otherwise all shapes are
    /// outlines, and holes are filled.
    bool exact = false;
};

/// The text of a labelme JSON file (format 5) for the image `image_path`. Each part of an object is
/// one polygon; the parts of one object share a `group_id`; the score of a prediction is stored in
/// `description`, the id of an annotation in `annotation_id`. Error if a mask has a different size.
std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const LabeledObject> objects,
                         const LabelmeOptions& options = {});

/// Adds the objects of the labelme files in the builder's folder. Shapes without an area are left
/// out and counted. Error (with the file name) for a broken shape and for a different image size.
void read_labelme(DatasetBuilder& builder);

}  // namespace embedmask::data
