// Reads JSON records that are almost right.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace embedmask::data {

struct ReadJson {
    nlohmann::ordered_json record;  ///< discarded if the text cannot be read
    std::string changes;            ///< what was replaced: "NaN, a byte that is not UTF-8"
};

/// Parses a record. If that fails, NaN, Infinity and numbers beyond a double become null, bytes
/// that are not UTF-8 are taken for Latin-1, control characters in strings are escaped, and lone
/// surrogates become the replacement character.
ReadJson read_json_leniently(std::string_view text);

}  // namespace embedmask::data
