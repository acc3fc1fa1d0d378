#include "data/label_folders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/paths.h"
#include "base/text.h"
#include "data/id_map_labels.h"
#include "data/labelme.h"
#include "data/mask_images.h"
#include "data/recorded_image.h"
#include "data/voc.h"
#include "data/yolo.h"
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

LabelFolders::LabelFolders(const std::filesystem::path& folder, LabelFormat format)
    : format_(format),
      folder_(folder),
      classes_(folder / kVocClassFolder),
      objects_(folder / kVocObjectFolder) {}

void LabelFolders::require_replaceable(const Dataset& data, const AnnotationsByImage& annotations,
                                       const ExportOptions& options) const {
    detail::InputFiles inputs;
    inputs.add(data.source);
    if (!options.images.empty()) {
        add_images(inputs, data, options.images);
    }
    std::vector<std::string> names{kCategoriesFile, kClassesFile};
    std::vector<std::string> voc_names;
    for (const ImageRecord& image : data.images) {
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

std::vector<const Annotation*> LabelFolders::write(const LabeledImage& image) {
    switch (format_) {
        case LabelFormat::labelme:
            folder_.write(image.name + ".json",
                          labelme_text(image.path, image.size, image.objects, 0));
            break;
        case LabelFormat::yolo:
            folder_.write(image.name + ".txt", yolo_text(image.size, image.objects, 0));
            break;
        case LabelFormat::voc:
            return write_voc(classes_, objects_, image);
        case LabelFormat::masks:
            write_mask_images(folder_, image);
            break;
        case LabelFormat::lvis:
            break;  // rejected before anything is written
    }
    return {};
}

}  // namespace embedmask::data
