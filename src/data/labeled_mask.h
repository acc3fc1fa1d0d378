// What the writers of label files need to know about one object.
#pragma once

#include <string>

#include "embedmask/rle.h"

namespace embedmask::data {

struct LabeledMask {
    const Rle* mask = nullptr;  ///< of the image's size; owned by somebody else, not null
    std::string label;          ///< category name
    int category_index = 0;     ///< position in the list of categories, from 0
    float score = 1;            ///< 1 for annotations
};

}  // namespace embedmask::data
