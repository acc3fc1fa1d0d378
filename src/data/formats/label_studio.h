// Files of Label Studio: one JSON file with a task per image.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "data/formats/label_document.h"
#include "embedmask/category.h"
#include "embedmask/data.h"

namespace embedmask::data {

/// Coordinates are percentages of the sides of the image.
inline constexpr double kPercent = 100;

/// The file in the folder of an export.
inline constexpr const char* kLabelStudioFile = "tasks.json";

/// The labelling configuration of a project for these categories.
std::string label_studio_config_text(std::span<const Category> categories);

/// Tasks with predictions, which Label Studio shows as labels to correct: polygons, rectangles of
/// objects without a mask, and brush masks of all others.
class LabelStudioDocument final : public LabelDocument {
public:
    /// The address of an image is `image_prefix` and its file name, percent-encoded behind the
    /// prefix of a URL.
    explicit LabelStudioDocument(std::string image_prefix)
        : image_prefix_(std::move(image_prefix)) {}

    [[nodiscard]] std::string beginning() override { return "["; }
    [[nodiscard]] std::string text_of(const LabeledImage& image) override;
    [[nodiscard]] std::string end() override { return "\n]\n"; }

private:
    std::string image_prefix_;
    bool first_ = true;  // no task yet
};

/// The file name of the image at an address of Label Studio: of local files their path below the
/// document root, of uploads the name without the prefix that Label Studio gives, else the last
/// part.
std::string label_studio_file_name(std::string_view address);

/// Converts an export ("JSON") to the COCO file `annotations`. Of several annotations of a task,
/// the one marked as ground truth or else the first counts, and of a task without any the first
/// prediction. Rectangles become objects without a mask; turned ones and ellipses become polygons.
/// Regions without an area or a label are left out and counted. Error (task) for coordinates beyond
/// the image, broken brush masks, and other kinds of exports.
DatasetImport import_label_studio(const std::filesystem::path& file,
                                  const std::filesystem::path& annotations,
                                  const std::filesystem::path& images);

}  // namespace embedmask::data
