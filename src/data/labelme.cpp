#include "data/labelme.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "mask/contour.h"
#include "mask/id_map.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

Json points_of(const mask::Ring& ring) {
    Json points = Json::array();
    for (const mask::Point point : ring) {
        points.push_back({point.x, point.y});
    }
    return points;
}

}  // namespace

std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const LabelledMask> objects, float tolerance) {
    mask::require_size(size, mask::scored_masks(objects));
    Json shapes = Json::array();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const auto polygons = mask::trace(*objects[i].mask);
        for (const mask::Polygon& polygon : polygons) {
            Json shape;
            shape["label"] = objects[i].label;
            shape["points"] = points_of(mask::simplify(polygon.outer, tolerance));
            shape["group_id"] = polygons.size() > 1 ? Json(i) : Json();
            shape["description"] = fmt::format("score {:.4f}", objects[i].score);
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

}  // namespace embedmask::data
