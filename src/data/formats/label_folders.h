// The folders into which an export writes its labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_folder.h"
#include "data/formats/label_document.h"
#include "data/formats/labeled_image.h"
#include "embedmask/data.h"

namespace embedmask::data {

/// The lists of categories in a folder of labels.
inline constexpr const char* kCategoriesFile = "categories.json";
inline constexpr const char* kClassesFile = "classes.txt";

/// The annotations of each image id.
using AnnotationsByImage = std::map<std::int64_t, std::vector<const Annotation*>>;

/// A name cut at 200 bytes, but not inside of a character. The names of labels and outputs are
/// longer than those of images, and file systems allow 255 bytes.
std::string cut_stem(const std::string& stem);

/// The name of the files about an image: its own without extension, cut. Error for a path that does
/// not end with a name.
std::string label_stem(std::string_view path);

/// The same for a record; errors name it.
std::string stem_of(const Dataset& data, const ImageRecord& image);

/// The ending of the label files of an image, in a format that has some: ".json".
std::string label_ending(LabelFormat format);

/// The text of classes.txt: one name per line. Line breaks in a name become blanks.
std::string classes_text(std::span<const Category> categories);

/// The folder that the user names, and for VOC the two in it.
class LabelFolders {
public:
    LabelFolders(const std::filesystem::path& folder, LabelFormat format, ExportOptions options);

    /// Error, before anything is written, if a file of others or an input would be replaced.
    void require_replaceable(const Dataset& data, const AnnotationsByImage& annotations) const;

    /// Creates the folders and the lists of categories, those of `data`, which is borrowed.
    void create(const Dataset& data);

    /// Writes the labels of one image. Returns the annotations whose objects are covered completely
    /// by others, in a format that keeps one object per pixel.
    std::vector<const Annotation*> write(const LabeledImage& image);

    /// Completes the file of a format that has one for all images.
    void finish();

private:
    LabelFormat format_;
    ExportOptions options_;
    detail::OutputFolder folder_;
    detail::OutputFolder classes_;
    detail::OutputFolder objects_;
    std::optional<DocumentFile> document_;
};

}  // namespace embedmask::data
