// A COCO file that grows from a folder of labels and a folder of images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "embedmask/data.h"
#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

/// The JSON of a file; Error with the byte position where it is malformed.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

/// The files of `folder` with this extension, sorted, without categories.json. Error when there is
/// none.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            const std::string& extension);

class DatasetBuilder {
public:
    /// Categories come from categories.json (as exports write it) or classes.txt (ids count from 1)
    /// of the folder of labels; without these files from the labels themselves. Image ids are the
    /// numbers that the images' names are, when all are; else they count from 1. Error for two
    /// images of one name.
    DatasetBuilder(std::filesystem::path labels, const std::filesystem::path& images);

    struct Image {
        std::int64_t id = 0;
        ImageSize size;
    };

    [[nodiscard]] const std::filesystem::path& folder() const { return labels_; }

    // `owner` is what errors name: the file of labels, and the line where there are some.

    /// The image that a file of labels belongs to by its name without extension.
    [[nodiscard]] const Image& image(const std::string& stem, const std::string& owner) const;

    /// The id of a category by its name, by its position in the list, by the id itself.
    std::int64_t category_named(const std::string& name, const std::string& owner);
    [[nodiscard]] std::int64_t category_at(std::int64_t index, const std::string& owner) const;
    std::int64_t category_with_id(std::int64_t id, const std::string& owner);

    void add_polygons(const Image& image, std::int64_t category,
                      const std::vector<std::vector<double>>& rings, const std::string& owner);
    void add_mask(const Image& image, std::int64_t category, const Rle& mask);

    DatasetCounts write(const std::filesystem::path& path) const;

private:
    using Json = nlohmann::ordered_json;

    void read_categories();
    void read_images(const std::filesystem::path& folder);
    void add(const Image& image, std::int64_t category, const Rle& mask, Json segmentation);

    std::filesystem::path labels_;
    std::string list_;                      // the file of the categories; empty: they are collected
    std::map<std::string, Image> by_stem_;  // by file name without extension
    std::vector<Json> images_;
    std::vector<Json> annotations_;
    std::vector<Json> categories_;
};

}  // namespace embedmask::data
