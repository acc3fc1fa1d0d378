// Writes predictions in the formats of other tools (`predict --write`).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output_folder.h"
#include "data/image_files.h"
#include "embedmask/predictor.h"
#include "embedmask/results.h"

namespace embedmask::report {

/// Output format of predictions.
enum class OutputFormat {
    coco,          ///< COCO results of all images
    overlay,       ///< NAME.jpg: the image with its objects drawn over it
    idmap,         ///< NAME.png: the object each pixel belongs to; NAME.json, categories.json
    labelme,       ///< NAME.json, categories.json
    yolo,          ///< YOLO-seg: NAME.txt, classes.txt, categories.json
    geojson,       ///< NAME.geojson in pixels, as QuPath reads it
    cvat,          ///< pre-labels for CVAT: annotations.xml, labels.json
    label_studio,  ///< pre-labels for Label Studio: tasks.json, config.xml
    csv,           ///< measurements of all images
};

inline constexpr OutputFormat kOutputFormats[] = {
    OutputFormat::coco,    OutputFormat::overlay,      OutputFormat::idmap,
    OutputFormat::labelme, OutputFormat::yolo,         OutputFormat::geojson,
    OutputFormat::cvat,    OutputFormat::label_studio, OutputFormat::csv};

/// "coco", "overlay", "idmap", "labelme", "yolo", "geojson", "cvat", "label-studio", "csv": also
/// the name of their folder.
const char* name_of(OutputFormat format);

/// The format with that name, or nothing.
std::optional<OutputFormat> output_format(std::string_view name);

/// Writes the files of individual images. Const methods may be called from several threads.
class PerImageWriter {
public:
    /// Files go to OUT/FORMAT; `coco` is written by CocoWriter. Images and labels show detections
    /// with a score of at least `score_threshold`. Nothing is created yet.
    PerImageWriter(const std::filesystem::path& out, std::span<const OutputFormat> formats,
                   float score_threshold, std::vector<Category> categories);

    /// A file name for every image of a job, unique even if two folders have images with the same
    /// name. The parts of a job all need the names of the whole.
    [[nodiscard]] std::vector<std::string> unique_names(
        const std::vector<data::ImageFile>& images) const;

    /// Sets the file names of the images to write.
    void set_names(std::vector<std::string> names) { names_ = std::move(names); }

    /// OutputFolder::require_replaceable for all files of the named images.
    void require_replaceable(const detail::InputFiles& inputs, bool force) const;

    /// Creates the folders and the lists of categories.
    void create();

    /// Writes the files of one image, upright even if `image` has the stored rows of its file.
    void write(std::size_t index, const data::ImageFile& input, const Image& image,
               const Prediction& prediction) const;
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
    void write_upright(std::size_t index, const data::ImageFile& input, const Image& image,
                       const Prediction& prediction) const;
    void write_file(OutputFormat format, std::size_t index, std::string_view bytes) const;

    // A folder guards its manifest with a mutex, so it cannot be moved.
    std::map<OutputFormat, std::unique_ptr<detail::OutputFolder>> folders_;
    float score_threshold_;
    std::vector<Category> categories_;
    std::vector<std::string> names_;
};

/// detections_bbox.json and detections_segm.json, COCO results (spec §7.7), created when `finish`
/// is called. Not thread-safe.
class CocoWriter {
public:
    /// The names of the files. `suffix` goes before ".json", e.g. ".shard-0-of-4".
    static std::vector<std::string> names(const std::string& suffix, bool with_masks);

    /// `out` is borrowed and exists.
    CocoWriter(detail::OutputFolder& out, const std::string& suffix, bool with_masks);

    void write(std::int64_t image_id, const Prediction& prediction);
    void finish();
    /// The file with masks if there are any, else the one with boxes.
    [[nodiscard]] std::filesystem::path main_file() const { return out_.file(names_.back()); }

private:
    detail::OutputFolder& out_;
    std::vector<std::string> names_;
    ResultsWriter boxes_;
    std::optional<ResultsWriter> masks_;
};

/// One line of JSON per image: file, size, and detections by descending score.
std::string json_line(const data::ImageFile& input, const Prediction& prediction,
                      const std::vector<Category>& categories);

/// The line for an image that could not be read.
std::string json_error_line(const data::ImageFile& input, const std::string& error,
                            const std::string& fix);

}  // namespace embedmask::report
