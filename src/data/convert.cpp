#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/file.h"
#include "data/dataset_builder.h"
#include "data/labeled_image.h"
#include "data/labelme.h"
#include "data/lvis.h"
#include "data/mask_images.h"
#include "data/recorded_image.h"
#include "data/voc.h"
#include "data/voc_colors.h"
#include "data/yolo.h"
#include "embedmask/data.h"
#include "embedmask/error.h"

namespace embedmask {
namespace data {
namespace {

namespace fs = std::filesystem;

int category_index(const Dataset& data, const Annotation& annotation) {
    for (std::size_t k = 0; k < data.categories.size(); ++k) {
        if (data.categories[k].id == annotation.category_id) {
            return static_cast<int>(k);
        }
    }
    throw Error(fmt::format("{}: annotation {} has category {}, which the file does not list",
                            data.source, annotation.id, annotation.category_id),
                "`embedmask data check FILE` counts such annotations");
}

LabeledImage labeled_image(const Dataset& data, const ImageRecord& record,
                           const std::vector<const Annotation*>& annotations, bool crowds,
                           ExportReport& report) {
    if (!recorded_size(record)) {
        throw Error(fmt::format("{}: image {} has no width and height", data.source, record.id),
                    "add \"width\" and \"height\" in pixels to its record");
    }
    LabeledImage image;
    image.record = &record;
    image.name = fs::path(record.file_name).stem().string();
    for (const Annotation* annotation : annotations) {
        const bool no_mask = annotation->segmentation.format == Segmentation::Format::none;
        const bool no_crowd = annotation->crowd && !crowds;
        report.objects_without_mask += no_mask ? 1 : 0;
        report.crowds_left_out += no_crowd && !no_mask ? 1 : 0;
        if (no_mask || no_crowd) {
            continue;
        }
        image.annotations.push_back(annotation);
        LabeledMask object;
        object.mask = &image.masks.emplace_back(
            to_mask(annotation->segmentation, record.height, record.width));
        object.score = 1;
        object.category_index = category_index(data, *annotation);
        object.label = data.categories[static_cast<std::size_t>(object.category_index)].name;
        image.objects.push_back(std::move(object));
    }
    return image;
}

void write_categories(const fs::path& folder, const Dataset& data) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    std::string names;
    for (const Category& category : data.categories) {
        list.push_back({{"id", category.id},
                        {"name", category.name},
                        {"supercategory", category.supercategory}});
        names += category.name + "\n";
    }
    detail::write_file_atomically(folder / "categories.json", list.dump(1) + "\n");
    detail::write_file_atomically(folder / "classes.txt", names);
}

/// Error if the format would lose the image or category of an object.
void require_expressible(const Dataset& data, LabelFormat format) {
    if (format == LabelFormat::voc && data.categories.size() > kVocMost) {
        throw Error(fmt::format("{}: {} categories: VOC images are limited to {}", data.source,
                                data.categories.size(), kVocMost));
    }
    std::set<std::string> names;
    for (const Category& category : data.categories) {
        if (format == LabelFormat::labelme && !names.insert(category.name).second) {
            throw Error(
                fmt::format(
                    "{}: duplicate category name \"{}\": labelme files identify categories by name",
                    data.source, category.name),
                "rename one of them");
        }
    }
    std::set<std::string> stems;
    for (const ImageRecord& image : data.images) {
        if (!stems.insert(fs::path(image.file_name).stem().string()).second) {
            throw Error(fmt::format("{}: image {}: another image is also named {}", data.source,
                                    image.id, fs::path(image.file_name).stem().string()),
                        "labels are matched to images by name: rename one of the two");
        }
    }
}

void write_image(const fs::path& folder, const LabeledImage& image, LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            detail::write_file_atomically(
                folder / (image.name + ".json"),
                labelme_text(image.record->file_name, image.size(), image.objects, 0));
            break;
        case LabelFormat::yolo:
            detail::write_file_atomically(folder / (image.name + ".txt"),
                                          yolo_text(image.size(), image.objects, 0));
            break;
        case LabelFormat::voc:
            write_voc(folder, image);
            break;
        case LabelFormat::masks:
            write_mask_images(folder, image);
            break;
        case LabelFormat::lvis:
            break;  // rejected before anything is written
    }
}

void read_labels(DatasetBuilder& builder, LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            return read_labelme(builder);
        case LabelFormat::yolo:
            return read_yolo(builder);
        case LabelFormat::voc:
            return read_voc(builder);
        case LabelFormat::masks:
            return read_mask_images(builder);
        case LabelFormat::lvis:
            break;  // has no label folder: import_lvis
    }
}

}  // namespace
}  // namespace data

const char* name_of(LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            return "labelme";
        case LabelFormat::yolo:
            return "yolo";
        case LabelFormat::voc:
            return "voc";
        case LabelFormat::masks:
            return "masks";
        case LabelFormat::lvis:
            return "lvis";
    }
    return "";
}

std::optional<LabelFormat> label_format(std::string_view name) {
    for (const LabelFormat format : {LabelFormat::labelme, LabelFormat::yolo, LabelFormat::voc,
                                     LabelFormat::masks, LabelFormat::lvis}) {
        if (name == name_of(format)) {
            return format;
        }
    }
    return std::nullopt;
}

ExportReport export_dataset(const Dataset& dataset, const std::filesystem::path& folder,
                            LabelFormat to) {
    if (to == LabelFormat::lvis) {
        throw Error("export_dataset: LVIS is a read-only format: expected another format", {},
                    ErrorKind::usage);
    }
    data::require_expressible(dataset, to);
    detail::make_folder(folder);
    if (to == LabelFormat::voc) {
        data::make_voc_folders(folder);
    }
    data::write_categories(folder, dataset);
    std::map<std::int64_t, std::vector<const Annotation*>> annotations;
    for (const Annotation& annotation : dataset.annotations) {
        annotations[annotation.image_id].push_back(&annotation);
    }
    ExportReport report;
    for (const ImageRecord& image : dataset.images) {
        const bool crowds = to == LabelFormat::voc;
        data::write_image(
            folder, data::labeled_image(dataset, image, annotations[image.id], crowds, report), to);
        ++report.images;
    }
    return report;
}

DatasetImport import_dataset(const std::filesystem::path& labels,
                             const std::filesystem::path& annotations,
                             const DatasetImportOptions& options) {
    if (options.from == LabelFormat::lvis) {
        return {data::import_lvis(labels, annotations)};
    }
    if (options.images.empty()) {
        throw Error(
            fmt::format("DatasetImportOptions::from {} without DatasetImportOptions::images",
                        name_of(options.from)),
            "set DatasetImportOptions::images to the image folder, which gives names and sizes",
            ErrorKind::usage);
    }
    data::DatasetBuilder builder(labels, options.images);
    data::read_labels(builder, options.from);
    return {builder.write(annotations)};
}

}  // namespace embedmask
