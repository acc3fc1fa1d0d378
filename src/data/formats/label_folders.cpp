#include "data/formats/label_folders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/paths.h"
#include "base/text.h"
#include "data/formats/geojson.h"
#include "data/formats/id_map_labels.h"
#include "data/formats/labelme.h"
#include "data/formats/mask_images.h"
#include "data/formats/voc.h"
#include "data/formats/yolo.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

void write_categories(detail::OutputFolder& folder, const Dataset& data) {
    folder.write(kCategoriesFile, categories_text(data.categories));
    folder.write(kClassesFile, classes_text(data.categories));
}

}  // namespace

std::string cut_stem(const std::string& stem) {
    constexpr std::size_t kLongest = 200;
    return std::string(detail::utf8_prefix(stem, kLongest));
}

std::string label_stem(std::string_view path) {
    return cut_stem(detail::portable_stem(path));
}

std::string stem_of(const Dataset& data, const ImageRecord& image) {
    try {
        return label_stem(image.file_name);
    } catch (const Error& error) {
        throw Error(fmt::format("{}: image {}: file_name {}", data.source, image.id, error.what()));
    }
}

std::string classes_text(std::span<const Category> categories) {
    std::string text;
    for (const Category& category : categories) {
        std::string name = category.name;
        std::ranges::replace_if(
            name, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        text += name + "\n";
    }
    return text;
}

std::string label_ending(LabelFormat format) {
    switch (format) {
        case LabelFormat::labelme:
            return ".json";
        case LabelFormat::yolo:
            return ".txt";
        case LabelFormat::geojson:
            return ".geojson";
        case LabelFormat::voc:
        case LabelFormat::masks:
            return ".png";
        default:
            return {};
    }
}

LabelFolders::LabelFolders(const std::filesystem::path& folder, LabelFormat format,
                           ExportOptions options)
    : format_(format),
      options_(std::move(options)),
      folder_(folder),
      classes_(folder / kVocClassFolder),
      objects_(folder / kVocObjectFolder) {}

void LabelFolders::require_replaceable(const Dataset& data,
                                       const AnnotationsByImage& annotations) const {
    detail::InputFiles inputs;
    inputs.add(data.source);
    if (!options_.images.empty()) {
        add_images(inputs, data, options_.images);
    }
    std::vector<std::string> names{kCategoriesFile, kClassesFile};
    std::vector<std::string> voc_names;
    if (is_document(format_)) {
        names.push_back(document_name(format_));
        names.push_back(project_file(format_, data.categories).name);
    } else {
        for (const ImageRecord& image : data.images) {
            const std::string stem = stem_of(data, image);
            if (format_ == LabelFormat::voc) {
                voc_names.push_back(voc_name(stem));
            } else if (format_ != LabelFormat::masks) {
                names.push_back(stem + label_ending(format_));
            } else if (const auto own = annotations.find(image.id); own != annotations.end()) {
                for (const Annotation* annotation : own->second) {
                    names.push_back(mask_image_name(stem, *annotation));
                }
            }
        }
    }
    folder_.require_replaceable(names, inputs, options_.force);
    classes_.require_replaceable(voc_names, inputs, options_.force);
    objects_.require_replaceable(voc_names, inputs, options_.force);
}

void LabelFolders::create(const Dataset& data) {
    folder_.create();
    if (format_ == LabelFormat::voc) {
        classes_.create();
        objects_.create();
    }
    write_categories(folder_, data);
    if (is_document(format_)) {
        const ProjectFile project = project_file(format_, data.categories);
        folder_.write(project.name, project.text);
        document_.emplace(folder_.file(document_name(format_)),
                          make_document(format_, data.categories, options_));
    }
}

std::vector<const Annotation*> LabelFolders::write(const LabeledImage& image) {
    const std::string name = image.name + label_ending(format_);
    switch (format_) {
        case LabelFormat::labelme:
            folder_.write(name, labelme_text(image.path, image.size, image.objects,
                                             {.tolerance = 0, .exact = true}));
            break;
        case LabelFormat::yolo:
            folder_.write(name, yolo_text(image.size, image.objects, 0));
            break;
        case LabelFormat::voc:
            return write_voc(classes_, objects_, image);
        case LabelFormat::masks:
            write_mask_images(folder_, image);
            break;
        case LabelFormat::geojson:
            folder_.write(name, geojson_text(image));
            break;
        case LabelFormat::cvat:
        case LabelFormat::label_studio:
        case LabelFormat::csv:
            document_->add(image);
            break;
        case LabelFormat::lvis:
        case LabelFormat::voc_xml:
            break;  // rejected before anything is written
    }
    return {};
}

void LabelFolders::finish() {
    if (document_) {
        document_->finish();
        folder_.record(document_name(format_));
    }
}

}  // namespace embedmask::data
