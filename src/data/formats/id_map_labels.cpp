#include "data/formats/id_map_labels.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/paths.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/label_pixels.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Categories by value; nothing without a list of objects.
std::optional<std::map<std::uint32_t, std::int64_t>> listed_objects(const fs::path& id_map) {
    const fs::path path = fs::path(id_map).replace_extension(".json");
    if (!detail::has_entry(path)) {
        return std::nullopt;
    }
    std::map<std::uint32_t, std::int64_t> objects;
    try {
        for (const Json& object : read_json(path)) {
            objects[object.at("id").get<std::uint32_t>()] =
                object.at("category_id").get<std::int64_t>();
        }
    } catch (const Json::exception&) {
        throw Error(fmt::format(
            "{}: expected a list of {{\"id\": number, \"category_id\": number}}", path.string()));
    }
    return objects;
}

}  // namespace

std::string id_map_objects_text(std::span<const IdMapObject> objects) {
    Json list = Json::array();
    for (const IdMapObject& object : objects) {
        list.push_back(
            {{"id", object.id}, {"category_id", object.category_id}, {"score", object.score}});
    }
    return list.dump() + "\n";
}

std::string categories_text(std::span<const Category> categories) {
    Json list = Json::array();
    for (const Category& category : categories) {
        list.push_back({{"id", category.id},
                        {"name", category.name},
                        {"supercategory", category.supercategory}});
    }
    return list.dump(1) + "\n";
}

void read_id_map(DatasetBuilder& builder, const fs::path& path) {
    const LabeledFrame& image =
        builder.images().named(detail::portable_stem(path.string()), path.string());
    const auto objects = listed_objects(path);
    const image::LabelImage label = image::read_label_image(path);
    const LabeledFrame frame = image.for_size(label.size, path.string());
    const NumberedPixels pixels = id_map_pixels(label, path.string());
    std::map<std::uint32_t, Rle> masks = masks_of(pixels.numbers, frame.size);
    if (!objects) {
        builder.note_reading(
            fmt::format(", {}; one category, since NAME.json is missing", pixels.rule));
        for (const auto& [id, mask] : masks) {
            builder.add_mask(frame, {builder.only_category("object", path.string())}, mask,
                             fmt::format("{}, object {}", path.string(), id));
        }
        return;
    }
    builder.note_reading(fmt::format(", {}", pixels.rule));
    for (const auto& [id, mask] : masks) {
        if (!objects->contains(id)) {
            throw Error(fmt::format("{}: object {} is not listed in {}", path.string(), id,
                                    fs::path(path).replace_extension(".json").string()));
        }
    }
    const Rle nothing = RleBuilder(frame.size.height, frame.size.width).finish();
    for (const auto& [id, category] : *objects) {
        const auto mask = masks.find(id);
        builder.add_mask(frame, {builder.category_with_id(category, path.string())},
                         mask == masks.end() ? nothing : mask->second,
                         fmt::format("{}, object {}", path.string(), id));
    }
}

}  // namespace embedmask::data
