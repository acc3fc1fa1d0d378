#include "report/prediction_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/paged_path.h"
#include "base/paths.h"
#include "data/formats/geojson.h"
#include "data/formats/id_map_labels.h"
#include "data/formats/label_folders.h"
#include "data/formats/labelme.h"
#include "data/formats/yolo.h"
#include "embedmask/error.h"
#include "embedmask/overlay.h"
#include "image/orientation.h"
#include "image/view.h"
#include "mask/id_map.h"
#include "render/prediction.h"
#include "report/labeled_prediction.h"

namespace embedmask::report {
namespace {

namespace fs = std::filesystem;
using SortedJson = nlohmann::json;

// File names need not be UTF-8.
std::string text_of(const SortedJson& line) {
    return line.dump(-1, ' ', false, SortedJson::error_handler_t::replace);
}

// As mask::id_map numbers them.
std::vector<data::IdMapObject> numbered_objects(const std::vector<render::DrawnInstance>& instances,
                                                const std::vector<Category>& categories) {
    std::vector<data::IdMapObject> objects;
    for (const render::DrawnInstance& instance : instances) {
        objects.push_back({static_cast<std::uint32_t>(objects.size()) + 1,
                           categories[static_cast<std::size_t>(instance.category_index)].id,
                           instance.score});
    }
    return objects;
}

// A path that does not end with a name is no image; it is reported where it is read. The page of a
// file is part of the name.
std::string output_stem(const fs::path& path) {
    const detail::PagedPath paged = detail::paged_path(path);
    try {
        const std::string stem = data::label_stem(paged.file.string());
        return paged.page ? fmt::format("{}-{}", stem, *paged.page) : stem;
    } catch (const Error&) {
        return "image";
    }
}

// Boxes are float32: write 0.1, not 0.10000000149011612.
float as_float32(double value) {
    return static_cast<float>(value);
}

SortedJson segmentation_of(const Rle& mask) {
    return {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}};
}

// DocumentWriter writes these.
bool is_document(OutputFormat format) {
    return format == OutputFormat::cvat || format == OutputFormat::label_studio ||
           format == OutputFormat::csv;
}

// Whether labels need categories.json to keep the ids of categories.
bool lists_categories(OutputFormat format) {
    return format == OutputFormat::idmap || format == OutputFormat::labelme ||
           format == OutputFormat::yolo;
}

constexpr const char* kObjectsExtension = ".json";  // beside an id map

const char* extension_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::overlay:
            return ".jpg";
        case OutputFormat::idmap:
            return ".png";
        case OutputFormat::yolo:
            return ".txt";
        case OutputFormat::geojson:
            return ".geojson";
        default:
            return ".json";
    }
}

}  // namespace

const char* name_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::coco:
            return "coco";
        case OutputFormat::overlay:
            return "overlay";
        case OutputFormat::idmap:
            return "idmap";
        case OutputFormat::labelme:
            return "labelme";
        case OutputFormat::yolo:
            return "yolo";
        case OutputFormat::geojson:
            return "geojson";
        case OutputFormat::cvat:
            return "cvat";
        case OutputFormat::label_studio:
            return "label-studio";
        case OutputFormat::csv:
            return "csv";
    }
    return "";
}

std::optional<OutputFormat> output_format(std::string_view name) {
    for (const OutputFormat format : kOutputFormats) {
        if (name == name_of(format)) {
            return format;
        }
    }
    return std::nullopt;
}

PerImageWriter::PerImageWriter(const fs::path& out, std::span<const OutputFormat> formats,
                               float score_threshold, std::vector<Category> categories)
    : score_threshold_(score_threshold), categories_(std::move(categories)) {
    for (const OutputFormat format : formats) {
        if (format != OutputFormat::coco && !is_document(format)) {
            folders_.emplace(format, std::make_unique<detail::OutputFolder>(out / name_of(format)));
        }
    }
}

void PerImageWriter::require_replaceable(const detail::InputFiles& inputs, bool force) const {
    for (const auto& [format, folder] : folders_) {
        std::vector<std::string> files;
        for (const std::string& name : names_) {
            files.push_back(name + extension_of(format));
        }
        if (format == OutputFormat::yolo) {
            files.emplace_back(data::kClassesFile);
        }
        if (lists_categories(format)) {
            files.emplace_back(data::kCategoriesFile);
        }
        if (format == OutputFormat::idmap) {
            for (const std::string& name : names_) {
                files.push_back(name + kObjectsExtension);
            }
        }
        folder->require_replaceable(files, inputs, force);
    }
}

void PerImageWriter::create() {
    for (const auto& [format, folder] : folders_) {
        folder->create();
        if (format == OutputFormat::yolo) {
            folder->write(data::kClassesFile, data::classes_text(categories_));
        }
        if (lists_categories(format)) {
            folder->write(data::kCategoriesFile, data::categories_text(categories_));
        }
    }
}

std::vector<std::string> PerImageWriter::unique_names(
    const std::vector<data::ImageFile>& images) const {
    std::set<std::string> taken;
    // These names are those of lists.
    if (folders_.contains(OutputFormat::labelme) || folders_.contains(OutputFormat::idmap)) {
        taken.insert("categories");
    }
    if (folders_.contains(OutputFormat::yolo)) {
        taken.insert("classes");
    }
    std::map<std::string, int> next_copy;
    std::vector<std::string> names;
    for (const data::ImageFile& image : images) {
        const std::string stem = output_stem(image.path);
        int& copy = next_copy.try_emplace(stem, 2).first->second;
        std::string name = stem;
        for (; !taken.insert(name).second; ++copy) {
            name = fmt::format("{}-{}", stem, copy);
        }
        names.push_back(std::move(name));
    }
    return names;
}

void PerImageWriter::write_file(OutputFormat format, std::size_t index,
                                std::string_view bytes) const {
    folders_.at(format)->write(names_[index] + extension_of(format), bytes);
}

void PerImageWriter::write(std::size_t index, const data::ImageFile& input, const Image& image,
                           const Prediction& prediction) const {
    if (folders_.empty()) {
        return;
    }
    // Images of an annotation file may be stored rows; the files of other tools are upright.
    const int turn = input.expected_size ? data::remaining_orientation(input) : 1;
    if (turn == 1) {
        write_upright(index, input, image, prediction);
    } else {
        write_upright(index, input, image::apply_orientation(image, turn),
                      upright(prediction, turn));
    }
}

void PerImageWriter::write_upright(std::size_t index, const data::ImageFile& input,
                                   const Image& image, const Prediction& prediction) const {
    const auto instances = render::drawn_instances(prediction, score_threshold_, categories_);
    const ImageRecord record = record_of(input);
    const data::LabeledImage labels =
        labeled_image(record, prediction, score_threshold_, categories_);
    if (folders_.contains(OutputFormat::overlay)) {
        write_file(OutputFormat::overlay, index,
                   image::as_text(encode_jpeg(draw(image, prediction, categories_,
                                                   {.score_threshold = score_threshold_}))));
    }
    if (folders_.contains(OutputFormat::idmap)) {
        const auto map = mask::id_map(image.size, mask::scored_masks(instances));
        write_file(OutputFormat::idmap, index, image::as_text(encode_png(map, image.size)));
        folders_.at(OutputFormat::idmap)
            ->write(names_[index] + kObjectsExtension,
                    data::id_map_objects_text(numbered_objects(instances, categories_)));
    }
    if (folders_.contains(OutputFormat::labelme)) {
        const fs::path& folder = folders_.at(OutputFormat::labelme)->path();
        write_file(OutputFormat::labelme, index,
                   data::labelme_text(detail::path_from(folder, input.path).string(), image.size,
                                      labels.objects));
    }
    if (folders_.contains(OutputFormat::geojson)) {
        write_file(OutputFormat::geojson, index, data::geojson_text(labels));
    }
    if (folders_.contains(OutputFormat::yolo)) {
        write_file(OutputFormat::yolo, index, data::yolo_text(image.size, labels.objects));
    }
}

std::vector<std::string> CocoWriter::names(const std::string& suffix, bool with_masks) {
    std::vector<std::string> names{fmt::format("detections_bbox{}.json", suffix)};
    if (with_masks) {
        names.push_back(fmt::format("detections_segm{}.json", suffix));
    }
    return names;
}

CocoWriter::CocoWriter(detail::OutputFolder& out, const std::string& suffix, bool with_masks)
    : out_(out), names_(names(suffix, with_masks)), boxes_(out.file(names_.front())) {
    if (with_masks) {
        masks_.emplace(main_file());
    }
}

void CocoWriter::write(std::int64_t image_id, const Prediction& prediction) {
    for (const Detection& detection : prediction.detections) {
        boxes_.add_box(image_id, detection.category_id, detection.box, detection.score);
        if (masks_) {
            masks_->add_mask(image_id, detection.category_id, detection.mask, detection.score);
        }
    }
}

void CocoWriter::finish() {
    boxes_.commit();
    if (masks_) {
        masks_->commit();
    }
    for (const std::string& name : names_) {
        out_.record(name);
    }
}

std::string json_line(const data::ImageFile& input, const Prediction& prediction,
                      const std::vector<Category>& categories) {
    SortedJson line = {{"file", input.path.string()},
                       {"image_id", input.image_id},
                       {"width", prediction.size.width},
                       {"height", prediction.size.height},
                       {"detections", SortedJson::array()}};
    for (const Detection& detection : prediction.detections) {
        const CocoBox& box = detection.box;
        SortedJson record = {
            {"category_id", detection.category_id},
            {"category", categories[static_cast<std::size_t>(detection.label)].name},
            {"score", detection.score},
            {"bbox",
             {as_float32(box.x), as_float32(box.y), as_float32(box.width),
              as_float32(box.height)}}};
        if (!detection.mask.counts.empty()) {
            record["segmentation"] = segmentation_of(detection.mask);
        }
        line["detections"].push_back(std::move(record));
    }
    return text_of(line);
}

std::string json_error_line(const data::ImageFile& input, const std::string& error,
                            const std::string& fix) {
    return text_of({{"file", input.path.string()},
                    {"image_id", input.image_id},
                    {"error", error},
                    {"fix", fix}});
}

}  // namespace embedmask::report
