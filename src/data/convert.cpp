#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <set>
#include <unordered_map>

#include "base/input_files.h"
#include "base/paths.h"
#include "data/formats/cvat.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/label_document.h"
#include "data/formats/label_folders.h"
#include "data/formats/label_studio.h"
#include "data/formats/labeled_image.h"
#include "data/formats/labelme.h"
#include "data/formats/lvis.h"
#include "data/formats/mask_images.h"
#include "data/formats/voc.h"
#include "data/formats/voc_colors.h"
#include "data/formats/voc_xml.h"
#include "data/formats/yolo.h"
#include "data/recorded_image.h"
#include "data/turned.h"
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

bool holds_crowds(LabelFormat format) {
    return format == LabelFormat::voc || format == LabelFormat::cvat;
}

bool holds_boxes(LabelFormat format) {
    return format == LabelFormat::cvat || format == LabelFormat::label_studio ||
           format == LabelFormat::geojson;
}

/// Whether labels name their categories and have no other sign of them.
bool names_categories(LabelFormat format) {
    return format == LabelFormat::labelme || format == LabelFormat::cvat ||
           format == LabelFormat::label_studio;
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

/// The rings that enclose something: three points and more, without an odd number at the end.
std::vector<std::vector<double>> usable_rings(const std::vector<std::vector<double>>& rings) {
    constexpr std::size_t kLeast = 6;
    std::vector<std::vector<double>> usable;
    for (const std::vector<double>& ring : rings) {
        if (ring.size() >= kLeast) {
            usable.emplace_back(ring.begin(),
                                ring.end() - static_cast<std::ptrdiff_t>(ring.size() % 2));
        }
    }
    return usable;
}

/// Collects the objects of one image after the other.
class ObjectCollector {
public:
    ObjectCollector(const Dataset& data, LabelFormat format, ExportReport& report)
        : data_(data), format_(format), report_(report) {
        for (std::size_t k = 0; k < data.categories.size(); ++k) {
            indices_.emplace(data.categories[k].id, static_cast<int>(k));
        }
    }

    LabeledImage collect(const ImageRecord& record, const ImageAtHand& file,
                         const std::vector<const Annotation*>& annotations) {
        LabeledImage image;
        image.record = &record;
        image.name = label_stem(record.file_name);
        image.path = file.path;
        image.size = image::oriented_size({record.width, record.height}, file.turn);
        for (const Annotation* annotation : annotations) {
            add(image, *annotation, {record.width, record.height}, file.turn);
        }
        return image;
    }

private:
    void add(LabeledImage& image, const Annotation& annotation, ImageSize stored, int turn) {
        const Segmentation& segmentation = annotation.segmentation;
        const bool no_mask = segmentation.format == Segmentation::Format::none;
        if (no_mask && !(annotation.box && holds_boxes(format_))) {
            ++report_.objects_without_mask;
            return;
        }
        if (annotation.crowd && !holds_crowds(format_)) {
            ++report_.crowds_left_out;
            return;
        }
        LabeledObject object;
        object.category_index = category_index(annotation);
        object.label = data_.categories[static_cast<std::size_t>(object.category_index)].name;
        object.id = annotation.id;
        object.crowd = annotation.crowd;
        if (no_mask) {
            object.box = turn == 1 ? *annotation.box : turned(*annotation.box, stored, turn);
        } else {
            const Rle mask = to_mask(segmentation, stored.height, stored.width);
            if (area(mask) == 0) {
                report_.without_pixels.push_back(annotation_name(annotation));
                return;
            }
            for (const std::vector<double>& ring : usable_rings(segmentation.polygons)) {
                object.rings.push_back(turn == 1 ? ring : turned(ring, stored, turn));
            }
            object.mask = &image.masks.emplace_back(turned(mask, turn));
        }
        image.objects.push_back(std::move(object));
        image.annotations.push_back(&annotation);
    }

    [[nodiscard]] int category_index(const Annotation& annotation) const {
        const auto found = indices_.find(annotation.category_id);
        if (found == indices_.end()) {
            throw Error(
                fmt::format("{}: annotation {} has category {}, which the file does not list",
                            data_.source, annotation.id, annotation.category_id),
                "`embedmask data check FILE` counts such annotations");
        }
        return found->second;
    }

    const Dataset& data_;
    LabelFormat format_;
    ExportReport& report_;
    std::unordered_map<std::int64_t, int> indices_;  // of categories, by id
};

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

/// Error if two images would have the same labels, or one those of the list of categories.
void require_own_labels(const Dataset& data, LabelFormat format) {
    std::set<std::string> names;
    for (const ImageRecord& image : data.images) {
        // One file for all images tells them apart by their paths.
        const std::string name = is_document(format) ? image.file_name : stem_of(data, image);
        if (!names.insert(name).second) {
            throw Error(fmt::format("{}: image {}: another image is also named {}", data.source,
                                    image.id, name),
                        "labels are matched to images by name: rename one of the two");
        }
        if (const std::string file = name + label_ending(format);
            file == kCategoriesFile || file == kClassesFile) {
            throw Error(fmt::format("{}: image {}: its labels would replace the list of categories",
                                    data.source, image.id),
                        "rename the image");
        }
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
        if (names_categories(format) && !names.insert(category.name).second) {
            throw Error(fmt::format("{}: duplicate category name \"{}\": {} files identify "
                                    "categories by name",
                                    data.source, category.name, name_of(format)),
                        "rename one of them");
        }
    }
    for (const ImageRecord& image : data.images) {
        if (!recorded_size(image)) {
            throw Error(fmt::format("{}: image {} has no width and height", data.source, image.id),
                        "add \"width\" and \"height\" in pixels to its record");
        }
    }
    if (format != LabelFormat::csv) {
        require_own_labels(data, format);
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

/// Labels in a folder, one file or more per image.
void read_labels(DatasetBuilder& builder, LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            return read_labelme(builder);
        case LabelFormat::yolo:
            return read_yolo(builder);
        case LabelFormat::voc:
            return read_voc(builder);
        case LabelFormat::voc_xml:
            return read_voc_xml(builder);
        case LabelFormat::masks:
            return read_mask_images(builder);
        default:
            break;  // labels in one file
    }
}

/// The one file of a format: the path itself, or the file that an export writes into a folder.
fs::path document_path(const fs::path& labels, LabelFormat format) {
    return detail::is_folder(labels) ? labels / document_name(format) : labels;
}

/// Writes the labels of all images with `write`.
ExportReport export_images(
    const Dataset& dataset, const fs::path& folder, LabelFormat to, const ExportOptions& options,
    const AnnotationsByImage& annotations,
    const std::function<std::vector<const Annotation*>(const LabeledImage&)>& write) {
    ExportReport report;
    ObjectCollector collector(dataset, to, report);
    static const std::vector<const Annotation*> kNone;
    for (const ImageRecord& image : dataset.images) {
        ImageAtHand file;
        try {
            file = image_at_hand(image, folder, options.images);
        } catch (const Error& error) {
            report.skipped.emplace_back(error.what());
            continue;
        }
        const auto own = annotations.find(image.id);
        const auto covered =
            write(collector.collect(image, file, own == annotations.end() ? kNone : own->second));
        for (const Annotation* annotation : covered) {
            report.covered.push_back(annotation_name(*annotation));
        }
        ++report.images;
    }
    return report;
}

/// Writes the one file of a format whose name the user gives.
ExportReport export_file(const Dataset& dataset, const fs::path& path, LabelFormat to,
                         const ExportOptions& options, const AnnotationsByImage& annotations) {
    detail::InputFiles inputs;
    inputs.add(dataset.source);
    if (!options.images.empty()) {
        add_images(inputs, dataset, options.images);
    }
    inputs.require_other(path);
    DocumentFile file(path, make_document(to, dataset.categories, options));
    ExportReport report = export_images(dataset, path.parent_path(), to, options, annotations,
                                        [&](const LabeledImage& image) {
                                            file.add(image);
                                            return std::vector<const Annotation*>{};
                                        });
    file.finish();
    return report;
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
        case LabelFormat::voc_xml:
            return "voc-xml";
        case LabelFormat::masks:
            return "masks";
        case LabelFormat::cvat:
            return "cvat";
        case LabelFormat::label_studio:
            return "label-studio";
        case LabelFormat::geojson:
            return "geojson";
        case LabelFormat::csv:
            return "csv";
        case LabelFormat::lvis:
            return "lvis";
    }
    return "";
}

std::optional<LabelFormat> label_format(std::string_view name) {
    for (const LabelFormat format : kLabelFormats) {
        if (name == name_of(format)) {
            return format;
        }
    }
    return std::nullopt;
}

bool can_export(LabelFormat format) {
    return format != LabelFormat::lvis && format != LabelFormat::voc_xml;
}

bool can_import(LabelFormat format) {
    return format != LabelFormat::geojson && format != LabelFormat::csv;
}

ExportReport export_dataset(const Dataset& dataset, const std::filesystem::path& folder,
                            LabelFormat to, const ExportOptions& options) {
    if (!can_export(to)) {
        throw Error(fmt::format("export_dataset: {} is a format to import: expected another one",
                                name_of(to)),
                    {}, ErrorKind::usage);
    }
    if (!(options.pixel_size > 0 && std::isfinite(options.pixel_size))) {
        throw Error(fmt::format("ExportOptions::pixel_size {}: expected a length above 0",
                                options.pixel_size),
                    {}, ErrorKind::usage);
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
    if (to == LabelFormat::csv) {
        return data::export_file(dataset, folder, to, options, annotations);
    }
    data::LabelFolders folders(folder, to, options);
    folders.require_replaceable(dataset, annotations);
    folders.create(dataset);
    ExportReport report =
        data::export_images(dataset, folder, to, options, annotations,
                            [&](const data::LabeledImage& image) { return folders.write(image); });
    folders.finish();
    return report;
}

DatasetImport import_dataset(const std::filesystem::path& labels,
                             const std::filesystem::path& annotations,
                             const DatasetImportOptions& options) {
    const LabelFormat from = options.from;
    if (!can_import(from)) {
        throw Error(fmt::format("import_dataset: {} is a format to export: expected another one",
                                name_of(from)),
                    {}, ErrorKind::usage);
    }
    detail::InputFiles inputs;
    for (const std::filesystem::path& path : {labels, labels / data::kVocClassFolder,
                                              labels / data::kVocObjectFolder, options.images}) {
        inputs.add(path);
    }
    inputs.require_other(annotations);
    const std::filesystem::path document = data::document_path(labels, from);
    if (from == LabelFormat::lvis) {
        return data::import_lvis(labels, annotations);
    }
    if (from == LabelFormat::cvat) {
        return data::import_cvat(document, annotations, options.images);
    }
    if (from == LabelFormat::label_studio) {
        return data::import_label_studio(document, annotations, options.images);
    }
    if (options.images.empty()) {
        throw Error(
            fmt::format("DatasetImportOptions::from {} without DatasetImportOptions::images",
                        name_of(from)),
            "set DatasetImportOptions::images to the image folder, which gives names and sizes",
            ErrorKind::usage);
    }
    data::DatasetBuilder builder(labels, data::LabelImages::of_folder(options.images, labels));
    data::read_labels(builder, from);
    return builder.write(annotations);
}

}  // namespace embedmask
