// Id maps as labels: NAME.png numbers the objects of an image, NAME.json tells their categories.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "embedmask/category.h"

namespace embedmask::data {

class DatasetBuilder;

/// One object of an id map.
struct IdMapObject {
    std::uint32_t id = 0;  ///< its value in the image
    std::int64_t category_id = 0;
    float score = 1;
};

/// The text of NAME.json: [{"id": 1, "category_id": 18, "score": 0.9}].
std::string id_map_objects_text(std::span<const IdMapObject> objects);

/// The text of categories.json for these categories.
std::string categories_text(std::span<const Category> categories);

/// Adds the objects of an id map. Without NAME.json, all have the only category that the folder
/// lists, or else the category "object". Error for a value that NAME.json does not list.
void read_id_map(DatasetBuilder& builder, const std::filesystem::path& path);

}  // namespace embedmask::data
