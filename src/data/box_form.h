// Boxes in forms that are not COCO's, but can be understood.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

namespace embedmask::data {

/// x, y, width, height of a box given as numbers or text, as {"x", "y", "width", "height"} (or "w",
/// "h"), as {"xmin", "ymin", "xmax", "ymax"}, as two corners [[x1, y1], [x2, y2]], in a list of its
/// own, or as text of one of these. Nothing for anything else.
std::optional<std::array<double, 4>> box_form(const nlohmann::ordered_json& value);

}  // namespace embedmask::data
