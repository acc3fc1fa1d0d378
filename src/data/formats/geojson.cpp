#include "data/formats/geojson.h"

#include <nlohmann/json.hpp>

#include "data/formats/voc_colors.h"
#include "mask/contour.h"

namespace embedmask::data {
namespace {

using Json = nlohmann::ordered_json;

// Rings of GeoJSON end with their first point.
Json closed(Json points) {
    points.push_back(points.front());
    return points;
}

Json ring_of(const std::vector<double>& ring) {
    Json points = Json::array();
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        points.push_back({ring[i], ring[i + 1]});
    }
    return closed(std::move(points));
}

Json ring_of(const mask::Ring& ring) {
    Json points = Json::array();
    for (const mask::Point point : ring) {
        points.push_back({point.x, point.y});
    }
    return closed(std::move(points));
}

// The polygons of an object; each is a list of rings, the first of which is the outer one.
Json polygons_of(const LabeledObject& object) {
    Json polygons = Json::array();
    if (!object.rings.empty()) {
        for (const std::vector<double>& ring : object.rings) {
            polygons.push_back(Json::array({ring_of(ring)}));
        }
    } else if (object.mask == nullptr) {
        const auto& [x, y, width, height] = object.box;
        polygons.push_back(Json::array({ring_of(
            std::vector<double>{x, y, x + width, y, x + width, y + height, x, y + height})}));
    } else {
        for (const mask::Polygon& part : mask::trace(*object.mask)) {
            Json rings = Json::array({ring_of(part.outer)});
            for (const mask::Ring& hole : part.holes) {
                rings.push_back(ring_of(hole));
            }
            polygons.push_back(std::move(rings));
        }
    }
    return polygons;
}

Json geometry_of(const LabeledObject& object) {
    Json polygons = polygons_of(object);
    if (polygons.size() == 1) {
        return {{"type", "Polygon"}, {"coordinates", std::move(polygons.front())}};
    }
    return {{"type", "MultiPolygon"}, {"coordinates", std::move(polygons)}};
}

}  // namespace

std::string geojson_text(const LabeledImage& image) {
    Json features = Json::array();
    for (const LabeledObject& object : image.objects) {
        const auto color = voc_color(static_cast<unsigned>(object.category_index % 255) + 1);
        Json properties = {{"objectType", "annotation"},
                           {"classification",
                            {{"name", object.label}, {"color", {color[0], color[1], color[2]}}}}};
        if (object.id > 0) {
            properties["annotation_id"] = object.id;
        } else {
            properties["score"] = object.score;
        }
        features.push_back({{"type", "Feature"},
                            {"geometry", geometry_of(object)},
                            {"properties", std::move(properties)}});
    }
    return Json{{"type", "FeatureCollection"}, {"features", std::move(features)}}.dump(
               -1, ' ', false, Json::error_handler_t::replace) +
           "\n";
}

}  // namespace embedmask::data
