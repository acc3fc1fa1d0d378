// The images that a set of labels belongs to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/formats/label_frame.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "embedmask/image.h"

namespace embedmask::data {

/// An error about labels whose image cannot be read.
struct LabelWithoutImage : Error {
    using Error::Error;
};

/// An image that a file of labels lists.
struct ListedImage {
    std::string file_name;           ///< as listed
    std::string other_name = {};     ///< another name under which its file may be found
    std::optional<std::int64_t> id;  ///< if the format has ids
    std::optional<ImageSize> size;   ///< that the labels refer to
};

class LabelImages {
public:
    /// All images of a folder. If all names are numbers, these are the ids; otherwise ids count
    /// from 1. Images that cannot be read are listed in `skipped`. Error for two images with one
    /// name, and if none can be read. `labels` is the folder of labels, which may be the same.
    static LabelImages of_folder(const std::filesystem::path& images,
                                 const std::filesystem::path& labels);

    /// The images that `source` lists, in that order. Ids are the listed ones if all have one of at
    /// least 1 and no two are equal, else as above. With an image folder, images are looked for by
    /// their path and then by their name, and sizes come from the files. Error for an image that is
    /// listed twice, for two that are one file, and, naming them all, for images that the folder
    /// does not have.
    static LabelImages listed(std::span<const ListedImage> list,
                              const std::filesystem::path& images, const std::string& source);

    /// Whether an image of the folder has this name without extension.
    [[nodiscard]] bool has(const std::string& stem) const;

    /// The image with this name without extension; what `cut_stem` cuts off does not count.
    /// `owner` is named in errors.
    [[nodiscard]] const LabeledFrame& named(const std::string& stem,
                                            const std::string& owner) const;

    /// The image with the name of a label file, or else the one that the file names inside, with
    /// the same ending.
    [[nodiscard]] const LabeledFrame& of_label(const std::filesystem::path& label_file,
                                               const std::string& named_inside) const;

    /// Image `i` of the list, whose size is 0 if neither the list nor a file tells it. Throws
    /// LabelWithoutImage if it cannot be read.
    [[nodiscard]] const LabeledFrame& at(std::size_t i, const std::string& owner) const;

    /// The records of the annotation file.
    [[nodiscard]] const std::vector<nlohmann::ordered_json>& records() const { return records_; }
    [[nodiscard]] const std::vector<std::string>& skipped() const { return skipped_; }
    [[nodiscard]] const PassedOver& passed_over() const { return passed_over_; }

private:
    /// Reads an image file, and returns the frame of labels on the upright image.
    static LabeledFrame frame_of(const std::filesystem::path& path, std::int64_t id);
    void add_record(const std::string& file_name, const LabeledFrame& frame);

    std::map<std::string, LabeledFrame> by_stem_;    // by label_stem, of a folder
    std::map<std::string, std::string> file_names_;  // likewise: names with their endings
    std::map<std::string, std::string> unreadable_;  // likewise: paths
    std::vector<std::optional<LabeledFrame>> list_;  // nothing for images that cannot be read
    std::vector<nlohmann::ordered_json> records_;
    std::vector<std::string> skipped_;
    PassedOver passed_over_;
};

}  // namespace embedmask::data
