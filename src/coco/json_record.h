// One element of a COCO file as typed values, with its location in error messages.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coco/json_layout.h"
#include "embedmask/box.h"
#include "embedmask/dataset.h"
#include "embedmask/error.h"

namespace embedmask::detail {

/// An Error whose message already contains the location.
struct BrokenRecord : Error {
    using Error::Error;
};

/// Location of an element: "file.json, annotations[3], byte 120".
struct JsonPlace {
    const std::string& source;
    std::string_view list;  // empty for the elements of a top-level array
    std::size_t index = 0;
    std::size_t byte = 0;

    [[noreturn]] void fail(std::string_view key, const std::string& what) const;
};

/// A value of a record, with its key.
struct JsonField {
    const JsonPlace& place;
    std::string_view key;
    simdjson::dom::element value;

    [[nodiscard]] std::int64_t integer() const;  // also accepts a float with an integer value
    [[nodiscard]] int size() const;              // 0 .. 2^31 - 1
    [[nodiscard]] double number() const;         // finite
    [[nodiscard]] bool flag() const;             // 0, 1, true, false
    [[nodiscard]] std::string text() const;
    [[nodiscard]] CocoBox box() const;
    [[nodiscard]] bool empty() const;  // null or []
    [[nodiscard]] Segmentation segmentation() const;

    [[noreturn]] void fail(std::string_view expected) const;
};

using JsonVisitor =
    std::function<void(std::size_t index, const JsonPlace& place, simdjson::dom::object record)>;

/// Parses the elements of a list, in parallel where worthwhile, and calls `visit` for each
/// (concurrently for different elements). Throws the Error of the first bad element.
void visit_records(std::string_view json, const std::string& source, std::string_view list,
                   const std::vector<JsonSlice>& elements, int threads, const JsonVisitor& visit);

}  // namespace embedmask::detail
