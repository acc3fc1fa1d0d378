// Tells which tool wrote an annotation file.
#pragma once

#include <string>
#include <string_view>

namespace embedmask::data {

/// The name of the tool, by the marks that it leaves in "info" and in records: "Roboflow", "CVAT",
/// "Label Studio", ... Empty if none is recognised, and for text that is not well formed.
std::string source_tool(std::string_view json, const std::string& source);

}  // namespace embedmask::data
