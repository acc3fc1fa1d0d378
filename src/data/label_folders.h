// The folders into which an export writes its labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_folder.h"
#include "data/labeled_image.h"
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

/// The text of classes.txt: one name per line. Line breaks in a name become blanks.
std::string classes_text(std::span<const Category> categories);

/// The folder that the user names, and for VOC the two in it.
class LabelFolders {
public:
    LabelFolders(const std::filesystem::path& folder, LabelFormat format);

    /// Error, before anything is written, if a file of others or an input would be replaced.
    void require_replaceable(const Dataset& data, const AnnotationsByImage& annotations,
                             const ExportOptions& options) const;

    /// Creates the folders and the lists of categories.
    void create(const Dataset& data);

    /// Writes the labels of one image. Returns the annotations whose objects are covered completely
    /// by others, in a format that keeps one object per pixel.
    std::vector<const Annotation*> write(const LabeledImage& image);

private:
    LabelFormat format_;
    detail::OutputFolder folder_;
    detail::OutputFolder classes_;
    detail::OutputFolder objects_;
};

}  // namespace embedmask::data
