// Builds a COCO file from a folder of labels and a folder of images.
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

/// The JSON of a file. Error (with the byte position) if it is malformed.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

/// The files of `folder` with this extension, sorted, without categories.json. Error if there is
/// none.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                            const std::string& extension);

class DatasetBuilder {
public:
    /// Categories come from categories.json (as written by exports) or classes.txt (ids count from
    /// 1) in the folder of labels, or else from the labels themselves. If all image names are
    /// numbers, these are the image ids; otherwise ids count from 1. Error for two images with the
    /// same name.
    DatasetBuilder(std::filesystem::path labels, const std::filesystem::path& images);

    struct Image {
        std::int64_t id = 0;
        ImageSize size;
    };

    [[nodiscard]] const std::filesystem::path& folder() const { return labels_; }

    // `owner` is named in errors: the label file, with the line if the format has lines.

    /// The image of a label file, matched by name without extension.
    [[nodiscard]] const Image& image(const std::string& stem, const std::string& owner) const;

    /// Looks up the id of a category by name, by position in the list, or by the id itself.
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
    std::string list_;                      // the categories file; empty: categories are collected
                                            // from the labels
    std::map<std::string, Image> by_stem_;  // by file name without extension
    std::vector<Json> images_;
    std::vector<Json> annotations_;
    std::vector<Json> categories_;
};

}  // namespace embedmask::data
