// Builds a COCO file from the labels of another tool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/formats/label_frame.h"
#include "data/formats/label_images.h"
#include "embedmask/box.h"
#include "embedmask/data.h"
#include "embedmask/rle.h"

namespace embedmask::data {

/// The JSON of a file. Error (with the byte position) if it is malformed.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

class DatasetBuilder {
public:
    /// Labels in a folder. Categories come from categories.json (as written by exports) or
    /// classes.txt (ids count from 1) in it, or else from the labels themselves.
    DatasetBuilder(const std::filesystem::path& labels, LabelImages images);

    /// Labels in one file that names their categories; only categories.json beside it can list
    /// them.
    static DatasetBuilder of_file(const std::filesystem::path& file, LabelImages images);

    [[nodiscard]] const std::filesystem::path& folder() const { return labels_; }
    [[nodiscard]] const LabelImages& images() const { return images_; }

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

    /// Calls `read` for the labels of each listed image, with the same rules.
    void read_list(std::size_t count, const std::function<void(std::size_t)>& read);

    // `owner` is named in errors: the label file, with the line if the format has lines.

    /// Error if another label file, which it names, has the labels of this image.
    void claim(const LabeledFrame& frame, const std::string& owner);

    /// Whether the categories are listed, and not collected from the labels.
    [[nodiscard]] bool has_category_list() const { return !list_.empty(); }
    /// Adds a category that the labels list themselves, unless it is known.
    void add_category(const std::string& name);
    /// Looks up the id of a category by name, by position in the list, or by the id itself.
    std::int64_t category_named(const std::string& name, const std::string& owner);
    [[nodiscard]] std::int64_t category_at(std::int64_t index, const std::string& owner) const;
    std::int64_t category_with_id(std::int64_t id, const std::string& owner);
    /// The category of labels that do not tell theirs: the only one that is listed, or one of this
    /// name. Error if several are listed.
    std::int64_t only_category(const std::string& name, const std::string& owner);

    // Objects in the frame of their labels. An object without a pixel is left out and counted.

    /// What a label tells of an object beside its shape.
    struct Object {
        std::int64_t category = 0;
        std::optional<std::int64_t> id = {};  ///< used if all objects have one and no two are equal
        bool crowd = false;
    };

    void add_polygons(const LabeledFrame& frame, const Object& object,
                      const std::vector<std::vector<double>>& rings, const std::string& owner);
    void add_mask(const LabeledFrame& frame, const Object& object, const Rle& mask,
                  const std::string& owner);
    /// An object whose mask is unknown. A box that does not overlap the image counts as without
    /// pixels.
    void add_box(const LabeledFrame& frame, const Object& object, const CocoBox& box,
                 const std::string& owner);

    /// Counts what has no area or is not read, by its kind.
    void leave_out(const std::string& kind) { ++result_.shapes_left_out[kind]; }
    /// Counts how labels were read, by what is said about them: "2 images" + text.
    void note_reading(const std::string& text, const std::string& noun = "image",
                      std::size_t count = 1) {
        readings_[{noun, text}] += count;
    }

    /// Writes the file. Error if no object has a pixel.
    DatasetImport write(const std::filesystem::path& path);

private:
    using Json = nlohmann::ordered_json;

    struct Record {
        std::optional<std::int64_t> id;
        std::string members;  // the JSON members after the id
    };

    DatasetBuilder(std::filesystem::path source, std::filesystem::path folder, LabelImages images);

    void read_categories(const std::filesystem::path& list);
    void read_class_names(const std::filesystem::path& list);
    void add(const LabeledFrame& frame, const Object& object, const CocoBox& box,
             const Json& pixels, Json segmentation);
    void leave_out_empty(const Object& object, const std::string& owner);
    [[nodiscard]] std::string name_of(std::int64_t category) const;
    [[nodiscard]] bool objects_have_ids() const;

    std::filesystem::path source_;  // the labels as the user gave them
    std::filesystem::path labels_;  // their folder
    LabelImages images_;
    std::string list_;  // the categories file; empty: categories are collected from the labels
    std::map<std::pair<std::string, std::string>, std::size_t> readings_;  // by noun and text
    std::map<std::int64_t, std::string> claims_;  // label files by image id
    std::vector<Record> objects_;
    std::vector<Json> categories_;
    std::unordered_map<std::string, std::int64_t> ids_by_name_;  // of categories
    DatasetImport result_;
};

}  // namespace embedmask::data
