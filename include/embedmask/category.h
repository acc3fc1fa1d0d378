/// A class of objects as the user's annotation file knows it.
#pragma once

#include <cstdint>
#include <string>

namespace embedmask {

struct Category {
    std::int64_t id = 0;  ///< ids in = ids out, whatever gaps they have
    std::string name;
    std::string supercategory = {};

    bool operator==(const Category&) const = default;
};

}  // namespace embedmask
