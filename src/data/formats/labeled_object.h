// One object, as input for the writers of labels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/rle.h"

namespace embedmask::data {

struct LabeledObject {
    const Rle* mask = nullptr;  ///< has the size of the image; not owned; null: the box is known
    std::string label;          ///< category name
    int category_index = 0;     ///< position in the list of categories, from 0
    float score = 1;            ///< 1 for annotations
    std::int64_t id = 0;        ///< annotation id; 0 for predictions
    bool crowd = false;         ///< a region of many objects
    CocoBox box = {};           ///< of an object without a mask, pixels
    /// The polygons of the mask, if it was drawn with some: x0, y0, x1, y1, ... in pixels.
    std::vector<std::vector<double>> rings = {};
};

}  // namespace embedmask::data
