#include "data/formats/labelme.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/labelme_shapes.h"
#include "embedmask/error.h"
#include "embedmask/polygon.h"
#include "mask/contour.h"
#include "mask/id_map.h"
#include "mask/region.h"

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

Json points_of(const std::vector<double>& ring) {
    Json points = Json::array();
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        points.push_back({ring[i], ring[i + 1]});
    }
    return points;
}

/// A mask as a PNG image of its box, both of whose corners are inside.
Json mask_shape(const Rle& mask) {
    const mask::MaskRegion region = mask::mask_region(mask);
    const std::vector<std::uint16_t> pixels(region.bits.begin(), region.bits.end());
    return {{"kind", "mask"},
            {"points",
             {{region.x, region.y}, {region.x + region.width - 1, region.y + region.height - 1}}},
            {"mask", detail::encode_base64(encode_png(pixels, {region.width, region.height}))}};
}

/// The kinds and points of the shapes of one object.
std::vector<Json> shapes_of(const LabeledObject& object, const LabelmeOptions& options) {
    std::vector<Json> shapes;
    if (options.exact && !object.rings.empty()) {
        for (const std::vector<double>& ring : object.rings) {
            shapes.push_back({{"kind", "polygon"}, {"points", points_of(ring)}});
        }
        return shapes;
    }
    const std::vector<mask::Polygon> polygons = mask::trace(*object.mask);
    const bool has_holes = std::ranges::any_of(
        polygons, [](const mask::Polygon& polygon) { return !polygon.holes.empty(); });
    if (options.exact && has_holes) {
        return {mask_shape(*object.mask)};
    }
    for (const mask::Polygon& polygon : polygons) {
        shapes.push_back({{"kind", "polygon"},
                          {"points", points_of(mask::simplify(polygon.outer, options.tolerance))}});
    }
    return shapes;
}

/// Shapes with the same label and group are parts of one object.
struct LabelmeObject {
    std::string label;
    std::optional<std::int64_t> id;
    std::vector<LabelmeArea> areas;
};

std::optional<std::int64_t> id_of(const Json& shape) {
    const auto id = shape.find("annotation_id");
    return id != shape.end() && id->is_number_integer() ? std::optional(id->get<std::int64_t>())
                                                        : std::nullopt;
}

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
            builder.leave_out(labelme_kind(shape));
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
        objects.push_back({label, id_of(shape), {}});
        objects.back().areas.push_back(std::move(*area));
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

void add_object(DatasetBuilder& builder, const LabeledFrame& frame, const LabelmeObject& object,
                const std::string& owner) {
    const DatasetBuilder::Object about{builder.category_named(object.label, owner), object.id};
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
        builder.add_polygons(frame, about, rings, owner);
        return;
    }
    masks.push_back(rasterize_polygons(rings, frame.size.height, frame.size.width));
    builder.add_mask(frame, about, unite(masks), owner);
}

void read_labelme_file(DatasetBuilder& builder, const fs::path& path) {
    const std::string owner = path.string();
    const Json file = read_json(path);
    LabeledFrame frame;
    std::vector<LabelmeObject> objects;
    if (!file.is_object()) {
        throw Error(fmt::format("{}: not a labelme file: expected an object", owner));
    }
    const auto named = file.find("imagePath");
    const bool names_image = named != file.end() && named->is_string();
    const LabeledFrame& image =
        builder.images().of_label(path, names_image ? named->get<std::string>() : "");
    builder.claim(image, owner);
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
                         std::span<const LabeledObject> objects, const LabelmeOptions& options) {
    mask::require_size(size, mask::scored_masks(objects));
    Json shapes = Json::array();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        std::vector<Json> parts = shapes_of(objects[i], options);
        for (Json& part : parts) {
            Json shape;
            shape["label"] = objects[i].label;
            shape["points"] = std::move(part["points"]);
            shape["group_id"] = parts.size() > 1 ? Json(i) : Json();
            shape["description"] =
                objects[i].id > 0 ? "" : fmt::format("score {:.4f}", objects[i].score);
            shape["shape_type"] = part["kind"];
            shape["flags"] = Json::object();
            if (part.contains("mask")) {
                shape["mask"] = std::move(part["mask"]);
            }
            if (objects[i].id > 0) {
                shape["annotation_id"] = objects[i].id;
            }
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
