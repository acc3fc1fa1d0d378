// First stage of `data check`: gives every record the form that the format prescribes, so that the
// second stage (check.cpp) can read the whole file, whatever is wrong with single keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/findings.h"

namespace embedmask::data {

struct MendedText {
    std::optional<std::string> text;  ///< nothing if all records are well formed
    bool had_annotations = false;     ///< before records were dropped
};

/// The text of an annotation file with every record in the form that readers accept: ids and sizes
/// as integers, boxes as [x, y, width, height], masks as rings or run lengths. Notes what differs.
/// Error for text that is no annotation file, e.g. cut off.
MendedText mended_text(std::string_view json, const std::string& source, Findings& findings);

}  // namespace embedmask::data
