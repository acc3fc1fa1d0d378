#include "data/labelme.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/paths.h"
#include "data/dataset_builder.h"
#include "data/labelme_shapes.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"
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

/// Shapes with the same label and group are parts of one object.
struct LabelmeObject {
    std::string label;
    std::vector<LabelmeArea> areas;
};

std::vector<LabelmeObject> labelme_objects(const Json& file, ImageSize size,
                                           DatasetBuilder& builder, const std::string& owner) {
    std::vector<LabelmeObject> objects;
    std::map<std::pair<std::string, std::string>, std::size_t> groups;
    for (const Json& shape : file.at("shapes")) {
        std::optional<LabelmeArea> area;
        try {
            area = labelme_area(shape, size);
        } catch (const Error& error) {
            throw Error(fmt::format("{}: {}", owner, error.what()), error.fix());
        }
        if (!area) {
            builder.leave_out_shape(labelme_kind(shape));
            continue;
        }
        const std::string label = shape.at("label");
        const Json group = shape.value("group_id", Json());
        const bool is_unnamed = group.is_string() && group.get_ref<const std::string&>().empty();
        if (!group.is_null() && !is_unnamed) {
            const auto [known, fresh] =
                groups.emplace(std::pair(label, group.dump()), objects.size());
            if (!fresh) {
                objects[known->second].areas.push_back(std::move(*area));
                continue;
            }
        }
        objects.push_back({label, {std::move(*area)}});
    }
    return objects;
}

/// The image size that a file tells; by default that of the upright image.
ImageSize recorded_size_of(const Json& file, ImageSize upright) {
    const auto side = [&](const char* key, int otherwise) {
        const Json value = file.value(key, Json());
        return value.is_null() ? otherwise : value.get<int>();
    };
    return {side("imageWidth", upright.width), side("imageHeight", upright.height)};
}

/// By the name of the label file, or else by the image that it names.
const LabeledFrame& image_of(const DatasetBuilder& builder, const fs::path& path,
                             const Json& file) {
    const std::string stem = detail::portable_stem(path.string());
    const auto named = file.find("imagePath");
    if (!builder.has_image(stem) && named != file.end() && named->is_string()) {
        const std::string name = detail::portable_name(named->get<std::string>());
        const std::string other = fs::path(name).stem().string();
        if (builder.has_image(other)) {
            return builder.image(other, path.string());
        }
    }
    return builder.image(stem, path.string());
}

void add_object(DatasetBuilder& builder, const LabeledFrame& frame, const LabelmeObject& object,
                const std::string& owner) {
    const std::int64_t category = builder.category_named(object.label, owner);
    std::vector<std::vector<double>> rings;
    std::vector<Rle> masks;
    for (const LabelmeArea& area : object.areas) {
        if (area.ring.empty()) {
            masks.push_back(area.mask);
        } else {
            rings.push_back(area.ring);
        }
    }
    if (masks.empty()) {
        builder.add_polygons(frame, category, rings, owner);
        return;
    }
    masks.push_back(rasterize_polygons(rings, frame.size.height, frame.size.width));
    builder.add_mask(frame, category, unite(masks), owner);
}

void read_labelme_file(DatasetBuilder& builder, const fs::path& path) {
    const std::string owner = path.string();
    const Json file = read_json(path);
    LabeledFrame frame;
    std::vector<LabelmeObject> objects;
    if (!file.is_object()) {
        throw Error(fmt::format("{}: not a labelme file: expected an object", owner));
    }
    const LabeledFrame& image = image_of(builder, path, file);
    try {
        const ImageSize recorded = recorded_size_of(file, image.size);
        frame = image.for_size(recorded, owner);
        objects = labelme_objects(file, frame.size, builder, owner);
    } catch (const Json::exception& error) {
        throw Error(fmt::format("{}: not a labelme file: {}", owner, error.what()));
    }
    for (const LabelmeObject& object : objects) {
        add_object(builder, frame, object, owner);
    }
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
    const auto files = builder.label_files(builder.folder(), ".json");
    builder.read_files(files, [&](const fs::path& path) { read_labelme_file(builder, path); });
}

}  // namespace embedmask::data
