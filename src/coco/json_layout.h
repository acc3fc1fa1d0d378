// Finds the elements of a large JSON file without parsing them. They are then parsed individually,
// in parallel, with memory for one element at a time, and every message has its byte position.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace embedmask::detail {

/// Bytes [begin, end) of a document.
struct JsonSlice {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// A member of the top-level object; for an array, with its elements.
struct JsonMember {
    std::string key;
    JsonSlice value;
    bool array = false;
    std::vector<JsonSlice> elements;
};

struct JsonLayout {
    bool array = false;  // the document is an array (`elements`), else an object
    std::vector<JsonSlice> elements;
    std::vector<JsonMember> members;  // in file order

    /// The last member with that name, or nullptr.
    [[nodiscard]] const JsonMember* member(std::string_view key) const;
};

/// Error (with `source` and the byte position) if brackets, quotes or commas do not match, or if
/// values are nested more than 64 levels deep.
JsonLayout find_layout(std::string_view json, const std::string& source);

}  // namespace embedmask::detail
