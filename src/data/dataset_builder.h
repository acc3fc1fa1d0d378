// Builds a COCO file from a folder of labels and a folder of images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/label_frame.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "embedmask/rle.h"

namespace embedmask::data {

/// The JSON of a file. Error (with the byte position) if it is malformed.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

class DatasetBuilder {
public:
    /// Categories come from categories.json (as written by exports) or classes.txt (ids count from
    /// 1) in the folder of labels, or else from the labels themselves. If all image names are
    /// numbers, these are the image ids; otherwise ids count from 1. Images that cannot be read are
    /// left out, with their labels. Error for two images with the same name, and if no image can be
    /// read.
    DatasetBuilder(std::filesystem::path labels, std::filesystem::path images);

    [[nodiscard]] const std::filesystem::path& folder() const { return labels_; }

    using Judge = std::function<bool(const std::filesystem::path&)>;

    /// The label files with this ending in `folder`, the folder of labels or one inside it; the
    /// other files are counted, except for those that `expected` approves. Error if there is none.
    std::vector<std::filesystem::path> label_files(const std::filesystem::path& folder,
                                                   const std::string& ending,
                                                   const Judge& expected = {});

    /// Calls `read` for each file. Files that cannot be read, and labels of such images, are left
    /// out. Error, naming all of them, if files are malformed.
    void read_files(const std::vector<std::filesystem::path>& files,
                    const std::function<void(const std::filesystem::path&)>& read);

    // `owner` is named in errors: the label file, with the line if the format has lines.

    [[nodiscard]] bool has_image(const std::string& stem) const;

    /// The image of a label file, matched by name without extension; what `cut_stem` cuts off does
    /// not count.
    [[nodiscard]] const LabeledFrame& image(const std::string& stem,
                                            const std::string& owner) const;

    /// Looks up the id of a category by name, by position in the list, or by the id itself.
    std::int64_t category_named(const std::string& name, const std::string& owner);
    [[nodiscard]] std::int64_t category_at(std::int64_t index, const std::string& owner) const;
    std::int64_t category_with_id(std::int64_t id, const std::string& owner);
    /// The category of labels that do not tell theirs: the only one that is listed, or one of this
    /// name. Error if several are listed.
    std::int64_t only_category(const std::string& name, const std::string& owner);

    // Objects in the frame of their labels. An object without a pixel is left out and counted.

    void add_polygons(const LabeledFrame& frame, std::int64_t category,
                      const std::vector<std::vector<double>>& rings, const std::string& owner);
    void add_mask(const LabeledFrame& frame, std::int64_t category, const Rle& mask,
                  const std::string& owner);

    /// Counts a labelme shape that has no area, by its kind.
    void leave_out_shape(const std::string& kind) { ++result_.shapes_left_out[kind]; }
    /// Counts how label images were read, by what is said about them.
    void note_reading(const std::string& text) { ++readings_[text]; }

    /// Writes the file. Error if no object has a pixel.
    DatasetImport write(const std::filesystem::path& path);

private:
    using Json = nlohmann::ordered_json;

    void read_categories();
    void read_images();
    void add(const LabeledFrame& frame, std::int64_t category, const Rle& mask, Json segmentation,
             const std::string& owner);
    [[nodiscard]] std::string name_of(std::int64_t category) const;

    std::filesystem::path labels_;
    std::filesystem::path images_folder_;
    std::string list_;  // the categories file; empty: categories are collected from the labels
    std::map<std::string, LabeledFrame> by_stem_;    // by label_stem
    std::map<std::string, std::string> unreadable_;  // images, likewise
    std::map<std::string, std::size_t> readings_;
    std::vector<Json> images_;
    std::vector<Json> annotations_;
    std::vector<Json> categories_;
    DatasetImport result_;
};

}  // namespace embedmask::data
