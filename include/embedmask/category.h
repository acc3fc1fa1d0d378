/// @file
/// Categories of objects.
#pragma once

#include <cstdint>
#include <string>

namespace embedmask {

/// A category of an annotation file. A network numbers its classes from 0; `label` k of a detection
/// is the k-th category of the model.
struct Category {
    std::int64_t id = 0;             ///< as in the annotation file; gaps are allowed
    std::string name;                ///< unique within a file
    std::string supercategory = {};  ///< empty: none

    bool operator==(const Category&) const = default;
};

}  // namespace embedmask
