#include "render/labelme.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "mask/contour.h"
#include "render/drawing_order.h"

namespace embedmask::render {
namespace {

using Json = nlohmann::ordered_json;

Json points_of(const Ring& ring) {
    Json points = Json::array();
    for (const Point point : ring) {
        points.push_back({point.x, point.y});
    }
    return points;
}

}  // namespace

std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const DrawnInstance> instances, float tolerance) {
    check_masks(size, instances);
    Json shapes = Json::array();
    for (std::size_t i = 0; i < instances.size(); ++i) {
        const auto polygons = trace(*instances[i].mask);
        for (const Polygon& polygon : polygons) {
            Json shape;
            shape["label"] = instances[i].label;
            shape["points"] = points_of(simplify(polygon.outer, tolerance));
            shape["group_id"] = polygons.size() > 1 ? Json(i) : Json();
            shape["description"] = fmt::format("score {:.4f}", instances[i].score);
            shape["shape_type"] = "polygon";
            shape["flags"] = Json::object();
            shapes.push_back(std::move(shape));
        }
    }
    Json file;
    file["version"] = "5.0.1";
    file["flags"] = Json::object();
    file["shapes"] = std::move(shapes);
    file["imagePath"] = image_path;
    file["imageData"] = nullptr;
    file["imageHeight"] = size.height;
    file["imageWidth"] = size.width;
    // Names of files may be in any encoding; a byte that is not UTF-8 must not stop the export.
    return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace embedmask::render
