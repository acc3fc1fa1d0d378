// The folders into which an export writes its labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/output_folder.h"
#include "data/labeled_image.h"
#include "embedmask/data.h"

namespace embedmask::data {

/// The annotations of each image id.
using AnnotationsByImage = std::map<std::int64_t, std::vector<const Annotation*>>;

/// The name of the label files of an image. Error for a file name that ends in no name.
std::string stem_of(const Dataset& data, const ImageRecord& image);

/// The folder that the user names, and for VOC the two in it.
class LabelFolders {
public:
    LabelFolders(const std::filesystem::path& folder, LabelFormat format);

    /// Error, before anything is written, if a file of others or an input would be replaced.
    void require_replaceable(const Dataset& data, const AnnotationsByImage& annotations,
                             const ExportOptions& options) const;

    /// Creates the folders and the lists of categories.
    void create(const Dataset& data);

    /// Writes the labels of one image.
    void write(const LabeledImage& image);

private:
    LabelFormat format_;
    detail::OutputFolder folder_;
    detail::OutputFolder classes_;
    detail::OutputFolder objects_;
};

}  // namespace embedmask::data
