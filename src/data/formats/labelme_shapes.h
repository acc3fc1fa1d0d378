// The shapes of labelme files.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

/// The area of one shape, as a ring or as a mask.
struct LabelmeArea {
    std::vector<double> ring;  ///< x0, y0, x1, y1, ... in pixels; empty: `mask`
    Rle mask;                  ///< of the size of the image
};

/// "polygon" if the shape does not tell its kind.
std::string labelme_kind(const nlohmann::ordered_json& shape);

/// The area of a polygon, rectangle (two or four points), oriented rectangle, circle (centre and a
/// point on it) or mask in an image of size `size`; nothing for kinds without an area, such as
/// points and lines, and for unknown kinds. Error for a wrong number of points and a broken mask.
std::optional<LabelmeArea> labelme_area(const nlohmann::ordered_json& shape, ImageSize size);

}  // namespace embedmask::data
