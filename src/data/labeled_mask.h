// One object, as input for the label file writers.
#pragma once

#include <string>

#include "embedmask/rle.h"

namespace embedmask::data {

struct LabeledMask {
    const Rle* mask = nullptr;  ///< has the size of the image; not owned, not null
    std::string label;          ///< category name
    int category_index = 0;     ///< position in the list of categories, from 0
    float score = 1;            ///< 1 for annotations
};

}  // namespace embedmask::data
