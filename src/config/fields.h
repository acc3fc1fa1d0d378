// The table of configuration keys: one line per key, with its range or its choices.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "embedmask/config.h"

namespace embedmask {

/// Where a key's value lives in a Config.
using FieldValue =
    std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::int64_t>*,
                 std::vector<double>*, std::vector<std::string>*>;

struct Field {
    std::string key;  ///< dotted, e.g. "backbone.depth"
    FieldValue value;
    double min = 0;  ///< smallest allowed number (of every element for lists)
    double max = 0;
    std::vector<std::string> choices = {};  ///< allowed words of a string; none = any text
    std::size_t length = 0;                 ///< required number of elements of a list, 0 = any >= 1
    bool may_be_empty = false;              ///< of a list
};

/// The keys of `config` in the order in which they are written.
std::vector<Field> fields(Config& config);

}  // namespace embedmask
