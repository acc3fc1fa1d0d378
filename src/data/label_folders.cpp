#include "data/label_folders.h"

#include <fmt/format.h>

#include "base/paths.h"
#include "data/id_map_labels.h"
#include "data/labelme.h"
#include "data/mask_images.h"
#include "data/voc.h"
#include "data/yolo.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

constexpr const char* kCategories = "categories.json";
constexpr const char* kClasses = "classes.txt";

void write_categories(detail::OutputFolder& folder, const Dataset& data) {
    std::string names;
    for (const Category& category : data.categories) {
        names += category.name + "\n";
    }
    folder.write(kCategories, categories_text(data.categories));
    folder.write(kClasses, names);
}

}  // namespace

std::string stem_of(const Dataset& data, const ImageRecord& image) {
    try {
        return detail::portable_stem(image.file_name);
    } catch (const Error& error) {
        throw Error(fmt::format("{}: image {}: file_name {}", data.source, image.id, error.what()));
    }
}

LabelFolders::LabelFolders(const std::filesystem::path& folder, LabelFormat format)
    : format_(format),
      folder_(folder),
      classes_(folder / kVocClassFolder),
      objects_(folder / kVocObjectFolder) {}

void LabelFolders::require_replaceable(const Dataset& data, const AnnotationsByImage& annotations,
                                       const ExportOptions& options) const {
    detail::InputFiles inputs;
    inputs.add(data.source);
    std::vector<std::string> names{kCategories, kClasses};
    std::vector<std::string> voc_names;
    for (const ImageRecord& image : data.images) {
        if (!options.images.empty()) {
            inputs.add(options.images / image.file_name);
        }
        const std::string stem = stem_of(data, image);
        if (format_ == LabelFormat::voc) {
            voc_names.push_back(voc_name(stem));
        } else if (format_ == LabelFormat::labelme) {
            names.push_back(stem + ".json");
        } else if (format_ == LabelFormat::yolo) {
            names.push_back(stem + ".txt");
        } else if (const auto own = annotations.find(image.id); own != annotations.end()) {
            for (const Annotation* annotation : own->second) {
                names.push_back(mask_image_name(stem, *annotation));
            }
        }
    }
    folder_.require_replaceable(names, inputs, options.force);
    classes_.require_replaceable(voc_names, inputs, options.force);
    objects_.require_replaceable(voc_names, inputs, options.force);
}

void LabelFolders::create(const Dataset& data) {
    folder_.create();
    if (format_ == LabelFormat::voc) {
        classes_.create();
        objects_.create();
    }
    write_categories(folder_, data);
}

void LabelFolders::write(const LabeledImage& image) {
    switch (format_) {
        case LabelFormat::labelme:
            folder_.write(image.name + ".json",
                          labelme_text(image.path, image.size, image.objects, 0));
            break;
        case LabelFormat::yolo:
            folder_.write(image.name + ".txt", yolo_text(image.size, image.objects, 0));
            break;
        case LabelFormat::voc:
            write_voc(classes_, objects_, image);
            break;
        case LabelFormat::masks:
            write_mask_images(folder_, image);
            break;
        case LabelFormat::lvis:
            break;  // rejected before anything is written
    }
}

}  // namespace embedmask::data
