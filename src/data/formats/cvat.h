// Annotation files of CVAT ("CVAT for images 1.1"): one XML file for all images.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "data/formats/label_document.h"
#include "embedmask/category.h"
#include "embedmask/data.h"

namespace embedmask::data {

/// The file in the folder of an export, named as CVAT names it.
inline constexpr const char* kCvatFile = "annotations.xml";

/// The labels of a CVAT project, as its editor of raw labels takes them.
std::string cvat_labels_text(std::span<const Category> categories);

/// Polygons, boxes of objects without a mask, and run lengths. The parts of an object share a
/// `group_id`; crowds have the attribute "is_crowd"; `annotation_id` keeps the id.
class CvatDocument final : public LabelDocument {
public:
    /// `categories` are borrowed.
    explicit CvatDocument(std::span<const Category> categories) : categories_(categories) {}

    [[nodiscard]] std::string beginning() override;
    [[nodiscard]] std::string text_of(const LabeledImage& image) override;
    [[nodiscard]] std::string end() override;

private:
    std::span<const Category> categories_;
    std::size_t groups_ = 0;  // used so far
};

/// Converts a file to the COCO file `annotations`. Boxes become objects without a mask; turned
/// boxes and ellipses become polygons; shapes other than boxes with one label and one group are one
/// object; shapes
/// without an area are left out and counted. Error (byte position) for malformed shapes, and for
/// files of videos.
DatasetImport import_cvat(const std::filesystem::path& file,
                          const std::filesystem::path& annotations,
                          const std::filesystem::path& images);

}  // namespace embedmask::data
