// Which classes of the data the classifier of a trained model knows already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "embedmask/category.h"

namespace embedmask::train {

struct KnownClasses {
    std::vector<std::int64_t> rows;  ///< for each class of the data: its row in the model's
                                     ///< classifier, or -1
    std::string text;                ///< a line to print: which class continues from which
};

/// Matches categories by name: case, spaces, hyphens and underscores do not matter, and some names
/// of other data sets mean a name of COCO ("aeroplane", "motorbike", "sofa"). `text` suggests the
/// nearest known name for a class that has no match.
KnownClasses known_classes(const std::vector<Category>& wanted, const std::vector<Category>& known);

}  // namespace embedmask::train
