// The table of configuration keys: one line per key, with its range or choices.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "embedmask/config.h"

namespace embedmask::detail {

/// A value from a fixed set: an enum of Config, as the position of its word in Field::choices.
struct Word {
    std::function<std::size_t()> get;
    std::function<void(std::size_t)> set;
};

/// Location of a key's value in a Config.
using FieldValue =
    std::variant<bool*, std::int64_t*, double*, std::string*, Word, std::vector<std::int64_t>*,
                 std::vector<double>*, std::vector<std::string>*>;

struct Field {
    std::string key;  ///< dotted, e.g. "backbone.depth"
    FieldValue value;
    double min = 0;  ///< smallest allowed number (of every element for lists)
    double max = 0;
    std::vector<std::string> choices = {};  ///< of a Word, in the order of its enum
    std::size_t length = 0;                 ///< required number of elements of a list, 0 = any >= 1
    bool may_be_empty = false;              ///< of a list
};

/// The keys of `config`, in the order in which they are written.
std::vector<Field> fields(Config& config);

/// Describes why a number is invalid for this key; empty if it is in range.
std::string range_problem(const Field& field, double value);

/// Error "NAME: VALUE is out of range, ..." unless `value` is valid for `key`.
void require_in_range(std::string_view key, double value, std::string_view name);

/// The smallest and the largest valid number for `key`.
struct Range {
    double min = 0;
    double max = 0;
};
Range range_of(std::string_view key);

}  // namespace embedmask::detail
