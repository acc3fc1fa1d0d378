#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/input_files.h"
#include "base/paths.h"
#include "data/dataset_builder.h"
#include "data/id_map_labels.h"
#include "data/label_folders.h"
#include "data/labeled_image.h"
#include "data/labelme.h"
#include "data/lvis.h"
#include "data/mask_images.h"
#include "data/recorded_image.h"
#include "data/turned.h"
#include "data/voc.h"
#include "data/voc_colors.h"
#include "data/yolo.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "image/orientation.h"

namespace embedmask {
namespace data {
namespace {

namespace fs = std::filesystem;

std::string annotation_name(const Annotation& annotation) {
    return fmt::format("annotation {} of image {}", annotation.id, annotation.image_id);
}

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

// What the image file of a record adds to it.
struct ImageAtHand {
    int turn = 1;      // EXIF orientation that turns the labels upright
    std::string path;  // from the folder of the labels
};

ImageAtHand image_at_hand(const ImageRecord& record, const fs::path& folder,
                          const fs::path& images) {
    if (images.empty()) {
        return {1, detail::portable_name(record.file_name)};
    }
    const ImageFile file = recorded_file(images, record);
    return {remaining_orientation(file), detail::path_from(folder, file.path).string()};
}

LabeledImage labeled_image(const Dataset& data, const ImageRecord& record, const ImageAtHand& file,
                           const std::vector<const Annotation*>& annotations, bool crowds,
                           ExportReport& report) {
    LabeledImage image;
    image.record = &record;
    image.name = label_stem(record.file_name);
    image.path = file.path;
    image.size = image::oriented_size({record.width, record.height}, file.turn);
    for (const Annotation* annotation : annotations) {
        const bool no_mask = annotation->segmentation.format == Segmentation::Format::none;
        const bool no_crowd = annotation->crowd && !crowds;
        report.objects_without_mask += no_mask ? 1 : 0;
        report.crowds_left_out += no_crowd && !no_mask ? 1 : 0;
        if (no_mask || no_crowd) {
            continue;
        }
        const Rle mask = to_mask(annotation->segmentation, record.height, record.width);
        if (area(mask) == 0) {
            report.without_pixels.push_back(annotation_name(*annotation));
            continue;
        }
        image.annotations.push_back(annotation);
        LabeledMask object;
        object.mask = &image.masks.emplace_back(turned(mask, file.turn));
        object.score = 1;
        object.category_index = category_index(data, *annotation);
        object.label = data.categories[static_cast<std::size_t>(object.category_index)].name;
        image.objects.push_back(std::move(object));
    }
    return image;
}

/// Error if masks are given and none of them has a pixel.
void require_pixels(const Dataset& data) {
    const ImageIndex images(data);
    std::size_t given = 0;
    for (const Annotation& annotation : data.annotations) {
        const ImageRecord* image = images.find(annotation.image_id);
        if (image == nullptr || annotation.segmentation.format == Segmentation::Format::none) {
            continue;
        }
        if (area(to_mask(annotation.segmentation, image->height, image->width)) > 0) {
            return;
        }
        ++given;
    }
    if (given > 0) {
        throw Error(fmt::format("{}: none of {} masks has a pixel", data.source, given),
                    "`embedmask data check FILE` shows examples");
    }
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
        if (!recorded_size(image)) {
            throw Error(fmt::format("{}: image {} has no width and height", data.source, image.id),
                        "add \"width\" and \"height\" in pixels to its record");
        }
        const std::string stem = stem_of(data, image);
        if (!stems.insert(stem).second) {
            throw Error(fmt::format("{}: image {}: another image is also named {}", data.source,
                                    image.id, stem),
                        "labels are matched to images by name: rename one of the two");
        }
        if ((format == LabelFormat::labelme && stem == "categories") ||
            (format == LabelFormat::yolo && stem == "classes")) {
            throw Error(fmt::format("{}: image {}: its labels would replace the list of categories",
                                    data.source, image.id),
                        "rename the image");
        }
    }
}

/// Error if two objects would have the same mask image.
void require_own_masks(const Dataset& data, const AnnotationsByImage& annotations) {
    std::set<std::string> names;
    for (const ImageRecord& image : data.images) {
        const auto own = annotations.find(image.id);
        if (own == annotations.end()) {
            continue;
        }
        const std::string stem = stem_of(data, image);
        for (const Annotation* annotation : own->second) {
            const bool no_mask = annotation->segmentation.format == Segmentation::Format::none;
            if (no_mask || annotation->crowd ||
                names.insert(mask_image_name(stem, *annotation)).second) {
                continue;
            }
            throw Error(fmt::format("{}: image {}: two objects have the annotation id {}: mask "
                                    "images are named after it",
                                    data.source, image.id, annotation->id),
                        "`embedmask data check FILE --fix OUT.json` gives new ids");
        }
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
                            LabelFormat to, const ExportOptions& options) {
    if (to == LabelFormat::lvis) {
        throw Error("export_dataset: LVIS is a read-only format: expected another format", {},
                    ErrorKind::usage);
    }
    data::require_expressible(dataset, to);
    data::require_pixels(dataset);
    data::AnnotationsByImage annotations;
    for (const Annotation& annotation : dataset.annotations) {
        annotations[annotation.image_id].push_back(&annotation);
    }
    if (to == LabelFormat::masks) {
        data::require_own_masks(dataset, annotations);
    }
    data::LabelFolders folders(folder, to);
    folders.require_replaceable(dataset, annotations, options);
    folders.create(dataset);
    ExportReport report;
    for (const ImageRecord& image : dataset.images) {
        data::ImageAtHand file;
        try {
            file = data::image_at_hand(image, folder, options.images);
        } catch (const Error& error) {
            report.skipped.emplace_back(error.what());
            continue;
        }
        const bool crowds = to == LabelFormat::voc;
        const auto covered = folders.write(
            data::labeled_image(dataset, image, file, annotations[image.id], crowds, report));
        for (const Annotation* annotation : covered) {
            report.covered.push_back(data::annotation_name(*annotation));
        }
        ++report.images;
    }
    return report;
}

DatasetImport import_dataset(const std::filesystem::path& labels,
                             const std::filesystem::path& annotations,
                             const DatasetImportOptions& options) {
    if (options.from == LabelFormat::lvis) {
        detail::InputFiles inputs;
        inputs.add(labels);
        inputs.require_other(annotations);
        return data::import_lvis(labels, annotations);
    }
    if (options.images.empty()) {
        throw Error(
            fmt::format("DatasetImportOptions::from {} without DatasetImportOptions::images",
                        name_of(options.from)),
            "set DatasetImportOptions::images to the image folder, which gives names and sizes",
            ErrorKind::usage);
    }
    detail::InputFiles inputs;
    for (const std::filesystem::path& folder : {labels, labels / data::kVocClassFolder,
                                                labels / data::kVocObjectFolder, options.images}) {
        inputs.add(folder);
    }
    inputs.require_other(annotations);
    data::DatasetBuilder builder(labels, options.images);
    data::read_labels(builder, options.from);
    return builder.write(annotations);
}

}  // namespace embedmask
