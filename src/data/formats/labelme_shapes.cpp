#include "data/formats/labelme_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/base64.h"
#include "data/formats/label_frame.h"
#include "data/formats/label_pixels.h"
#include "data/formats/shape_geometry.h"
#include "embedmask/error.h"
#include "image/label_image.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;
using ShapePoints = std::vector<double>;  // x0, y0, x1, y1, ...

constexpr std::array<std::string_view, 6> kKinds = {"polygon",  "rectangle", "oriented_rectangle",
                                                    "rotation", "circle",    "mask"};

ShapePoints points_of_shape(const Json& shape) {
    ShapePoints points;
    for (const Json& point : shape.at("points")) {
        points.push_back(point.at(0));
        points.push_back(point.at(1));
    }
    return points;
}

void require_points(const std::string& kind, const ShapePoints& points, bool right,
                    const char* expected) {
    if (right) {
        return;
    }
    const std::size_t count = points.size() / 2;
    throw Error(fmt::format("found a {} with {} point{}: expected {}", kind, count,
                            count == 1 ? "" : "s", expected));
}

// The PNG of a mask covers the pixels of its box, both corners included.
Rle mask_of_box(const Json& shape, const ShapePoints& points, ImageSize size) {
    std::vector<std::uint8_t> bytes;
    with_owner("mask", [&] { bytes = detail::decode_base64(shape.at("mask").get<std::string>()); });
    const image::LabelImage label = image::decode_label_image(bytes, "mask");
    const ObjectPixels object = object_pixels(label, "mask");
    const auto corner = [&](std::size_t i) {
        const double value = std::floor(std::min(points[i], points[i + 2]));
        if (!(std::abs(value) <= kFarthest)) {
            throw Error(fmt::format("found the coordinate {}: expected a pixel", value));
        }
        return static_cast<int>(value);
    };
    const int left = corner(0);
    const int top = corner(1);
    const double width = std::abs(points[2] - points[0]) + 1;
    const double height = std::abs(points[3] - points[1]) + 1;
    // Some programs give the corner outside of the last pixel.
    if (std::abs(label.size.width - width) > 1 || std::abs(label.size.height - height) > 1) {
        throw Error(fmt::format("found a mask of {}x{} pixels for a box of {}x{}", label.size.width,
                                label.size.height, width, height));
    }
    return placed_mask(object.bits, label.size, left, top, size);
}

}  // namespace

std::string labelme_kind(const Json& shape) {
    const auto found = shape.find("shape_type");
    return found == shape.end() || found->is_null() ? "polygon" : found->get<std::string>();
}

std::optional<LabelmeArea> labelme_area(const Json& shape, ImageSize size) {
    const std::string kind = labelme_kind(shape);
    if (std::ranges::find(kKinds, kind) == kKinds.end()) {
        return std::nullopt;
    }
    const ShapePoints points = points_of_shape(shape);
    const std::size_t count = points.size() / 2;
    if (kind == "polygon") {
        require_points(kind, points, count >= 3, "at least 3");
        return LabelmeArea{points, {}};
    }
    if (kind == "rectangle") {
        require_points(kind, points, count == 2 || count == 4, "2 or 4");
        if (count == 4) {
            return LabelmeArea{points, {}};
        }
        return LabelmeArea{{points[0], points[1], points[2], points[1], points[2], points[3],
                            points[0], points[3]},
                           {}};
    }
    if (kind == "oriented_rectangle" || kind == "rotation") {
        require_points(kind, points, count == 4, "4");
        return LabelmeArea{points, {}};
    }
    if (kind == "circle") {
        require_points(kind, points, count == 2, "2");
        const double radius = std::hypot(points[2] - points[0], points[3] - points[1]);
        return LabelmeArea{ellipse_ring(points[0], points[1], radius, radius, 0), {}};
    }
    require_points(kind, points, count == 2, "2");
    return LabelmeArea{{}, mask_of_box(shape, points, size)};
}

}  // namespace embedmask::data
