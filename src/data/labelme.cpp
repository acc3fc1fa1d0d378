#include "data/labelme.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "data/dataset_builder.h"
#include "embedmask/error.h"
#include "mask/contour.h"
#include "mask/id_map.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json points_of(const mask::Ring& ring) {
    Json points = Json::array();
    for (const mask::Point point : ring) {
        points.push_back({point.x, point.y});
    }
    return points;
}

/// Shapes with the same group are parts of one object.
struct LabelmeObject {
    std::string label;
    std::vector<std::vector<double>> rings;
};

std::vector<double> labelme_ring(const Json& shape) {
    std::vector<double> ring;
    for (const Json& point : shape.at("points")) {
        ring.push_back(point.at(0));
        ring.push_back(point.at(1));
    }
    const std::string type = shape.value("shape_type", "polygon");
    if (type == "rectangle" && ring.size() == 4) {
        return {ring[0], ring[1], ring[2], ring[1], ring[2], ring[3], ring[0], ring[3]};
    }
    if (type != "polygon") {
        throw Error(
            fmt::format("found a {} with {} points: expected a polygon, or a rectangle with 2",
                        type, ring.size() / 2));
    }
    if (ring.size() < 6) {
        throw Error(
            fmt::format("found a polygon with {} points: expected at least 3", ring.size() / 2));
    }
    return ring;
}

std::vector<LabelmeObject> labelme_objects(const Json& file) {
    std::vector<LabelmeObject> objects;
    std::map<std::int64_t, std::size_t> groups;
    for (const Json& shape : file.at("shapes")) {
        std::vector<double> ring = labelme_ring(shape);
        const Json group = shape.value("group_id", Json());
        if (group.is_number_integer()) {
            const auto [known, fresh] = groups.emplace(group.get<std::int64_t>(), objects.size());
            if (!fresh) {
                objects[known->second].rings.push_back(std::move(ring));
                continue;
            }
        }
        objects.push_back({shape.at("label"), {std::move(ring)}});
    }
    return objects;
}

void require_labelme_size(const Json& file, ImageSize size) {
    const Json width = file.value("imageWidth", Json());
    const Json height = file.value("imageHeight", Json());
    if ((width.is_null() || width == size.width) && (height.is_null() || height == size.height)) {
        return;
    }
    throw Error(fmt::format("labelled on an image of {}x{}, but the image with this name is {}x{}",
                            width.dump(), height.dump(), size.width, size.height));
}

}  // namespace

std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const LabeledMask> objects, float tolerance) {
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
    // File names may have any encoding; invalid UTF-8 must not abort the export.
    return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void read_labelme(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".json")) {
        const std::string owner = path.string();
        const Json file = read_json(path);
        const auto& image = builder.image(path.stem().string(), owner);
        std::vector<LabelmeObject> objects;
        try {
            require_labelme_size(file, image.size);
            objects = labelme_objects(file);
        } catch (const Json::exception& error) {
            throw Error(fmt::format("{}: not a labelme file: {}", owner, error.what()));
        } catch (const Error& error) {
            throw Error(fmt::format("{}: {}", owner, error.what()), error.fix());
        }
        for (const LabelmeObject& object : objects) {
            builder.add_polygons(image, builder.category_named(object.label, owner), object.rings,
                                 owner);
        }
    }
}

}  // namespace embedmask::data
