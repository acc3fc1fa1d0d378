// Label files of other tools that are given in place of an annotation file.
#pragma once

#include <string>
#include <string_view>

namespace embedmask::detail {

struct JsonLayout;

/// Error (which tool, how to convert it) if an XML file is one of CVAT or Pascal VOC. Errors call
/// it `source`.
void reject_foreign_xml(std::string_view text, const std::string& source);

/// Error (which tool, how to convert it) if a JSON file is one of Label Studio, labelme, VIA or
/// GeoJSON.
void reject_foreign_json(std::string_view json, const JsonLayout& layout,
                         const std::string& source);

}  // namespace embedmask::detail
