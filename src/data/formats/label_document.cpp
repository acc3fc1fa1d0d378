#include "data/formats/label_document.h"

#include <utility>

#include "data/formats/cvat.h"
#include "data/formats/label_studio.h"
#include "data/formats/measurements.h"
#include "embedmask/error.h"

namespace embedmask::data {

bool is_document(LabelFormat format) {
    return !document_name(format).empty();
}

std::string document_name(LabelFormat format) {
    switch (format) {
        case LabelFormat::cvat:
            return kCvatFile;
        case LabelFormat::label_studio:
            return kLabelStudioFile;
        case LabelFormat::csv:
            return kMeasurementsFile;
        case LabelFormat::labelme:
        case LabelFormat::yolo:
        case LabelFormat::voc:
        case LabelFormat::masks:
        case LabelFormat::geojson:
        case LabelFormat::lvis:
        case LabelFormat::voc_xml:
            break;
    }
    return {};
}

ProjectFile project_file(LabelFormat format, std::span<const Category> categories) {
    if (format == LabelFormat::cvat) {
        return {"labels.json", cvat_labels_text(categories)};
    }
    if (format == LabelFormat::label_studio) {
        return {"config.xml", label_studio_config_text(categories)};
    }
    return {};
}

std::unique_ptr<LabelDocument> make_document(LabelFormat format,
                                             std::span<const Category> categories,
                                             const ExportOptions& options) {
    switch (format) {
        case LabelFormat::cvat:
            return std::make_unique<CvatDocument>(categories);
        case LabelFormat::label_studio:
            return std::make_unique<LabelStudioDocument>(options.image_prefix);
        case LabelFormat::csv:
            return std::make_unique<MeasurementTable>(categories, options.pixel_size);
        default:
            throw Error("make_document: expected a format with one file for all images", {},
                        ErrorKind::usage);
    }
}

DocumentFile::DocumentFile(const std::filesystem::path& path,
                           std::unique_ptr<LabelDocument> document)
    : file_(path), document_(std::move(document)) {
    file_.write(document_->beginning());
}

void DocumentFile::add(const LabeledImage& image) {
    file_.write(document_->text_of(image));
}

void DocumentFile::finish() {
    file_.write(document_->end());
    file_.commit();
}

}  // namespace embedmask::data
