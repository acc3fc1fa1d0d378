#include <fmt/format.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "data/labelme.h"
#include "data/yolo.h"
#include "data_convert.h"
#include "embedmask/dataset.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "mask/id_map.h"
#include "voc_colours.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;

/// What a form cannot say, over all photos.
struct LeftOut {
    std::size_t crowds = 0;
    std::size_t without_mask = 0;
};

/// One photo with its objects as masks.
struct Photo {
    const ImageRecord* record = nullptr;
    std::string name;  // without extension
    std::deque<Rle> masks;
    std::vector<const Annotation*> annotations;
    std::vector<data::LabelledMask> instances;

    [[nodiscard]] ImageSize size() const { return {record->width, record->height}; }
};

int category_index(const Dataset& data, const Annotation& annotation) {
    for (std::size_t k = 0; k < data.categories.size(); ++k)
        if (data.categories[k].id == annotation.category_id) return static_cast<int>(k);
    throw Error(fmt::format("{}: annotation {} is of category {}, which the file does not list",
                            data.source, annotation.id, annotation.category_id),
                "`embedmask data check` lists such annotations");
}

Photo photo_of(const Dataset& data, const ImageRecord& image,
               const std::vector<const Annotation*>& annotations, bool crowds, LeftOut& left_out) {
    if (image.width <= 0 || image.height <= 0)
        throw Error(fmt::format("{}: image {} has no width and height", data.source, image.id),
                    "its record needs the photo's \"width\" and \"height\" in pixels");
    Photo photo;
    photo.record = &image;
    photo.name = fs::path(image.file_name).stem().string();
    for (const Annotation* annotation : annotations) {
        const bool no_mask = annotation->segmentation.form == Segmentation::Form::none;
        const bool no_crowd = annotation->crowd && !crowds;
        left_out.without_mask += no_mask ? 1 : 0;
        left_out.crowds += no_crowd && !no_mask ? 1 : 0;
        if (no_mask || no_crowd) continue;
        photo.annotations.push_back(annotation);
        data::LabelledMask instance;
        instance.mask =
            &photo.masks.emplace_back(to_mask(annotation->segmentation, image.height, image.width));
        instance.score = 1;
        instance.category_index = category_index(data, *annotation);
        instance.label = data.categories[static_cast<std::size_t>(instance.category_index)].name;
        photo.instances.push_back(std::move(instance));
    }
    return photo;
}

Image black(ImageSize size) {
    return {size,
            std::vector<std::uint8_t>(static_cast<std::size_t>(size.width) * size.height * 3, 0)};
}

void write_voc(const fs::path& folder, const Photo& photo) {
    if (photo.instances.size() > kVocMost)
        throw Error(fmt::format("image {}: {} objects: VOC pictures number at most {}",
                                photo.record->id, photo.instances.size(), kVocMost));
    const auto owners = mask::id_map(photo.size(), mask::scored_masks(photo.instances));
    Image classes = black(photo.size());
    Image objects = black(photo.size());
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] == 0) continue;
        const std::size_t owner = owners[i] - 1U;
        const bool crowd = photo.annotations[owner]->crowd;
        const auto category = static_cast<unsigned>(photo.instances[owner].category_index) + 1;
        const auto class_colour = voc_colour(crowd ? kVocVoid : category);
        const auto object_colour = voc_colour(crowd ? kVocVoid : owners[i]);
        std::copy(class_colour.begin(), class_colour.end(),
                  classes.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
        std::copy(object_colour.begin(), object_colour.end(),
                  objects.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
    }
    write_png(folder / "SegmentationClass" / (photo.name + ".png"), classes);
    write_png(folder / "SegmentationObject" / (photo.name + ".png"), objects);
}

void write_masks(const fs::path& folder, const Photo& photo) {
    for (std::size_t i = 0; i < photo.annotations.size(); ++i) {
        Image picture = black(photo.size());
        const auto mask = decode_rows(photo.masks[i]);
        for (std::size_t p = 0; p < mask.size(); ++p)
            for (std::size_t channel = 0; channel < 3; ++channel)
                picture.rgb[3 * p + channel] = mask[p] != 0 ? 255 : 0;
        write_png(folder / fmt::format("{}-{}-{}.png", photo.name, photo.annotations[i]->id,
                                       photo.annotations[i]->category_id),
                  picture);
    }
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

/// Error when the form would lose which photo or category an object belongs to.
void require_expressible(const Dataset& data, const std::string& form) {
    if (form == "voc" && data.categories.size() > kVocMost)
        throw Error(fmt::format("{}: {} categories: VOC pictures number at most {}", data.source,
                                data.categories.size(), kVocMost));
    std::set<std::string> names;
    for (const Category& category : data.categories) {
        if (form == "labelme" && !names.insert(category.name).second) {
            throw Error(fmt::format("{}: two categories are called \"{}\": labelme files tell "
                                    "categories by their names",
                                    data.source, category.name),
                        "rename one of them");
        }
    }
    std::set<std::string> stems;
    for (const ImageRecord& image : data.images) {
        if (!stems.insert(fs::path(image.file_name).stem().string()).second)
            throw Error(fmt::format("{}: image {}: there is another photo called {}", data.source,
                                    image.id, fs::path(image.file_name).stem().string()),
                        "labels belong to photos by their names: rename one of the two");
    }
}

}  // namespace

void export_dataset(const ConvertOptions& options) {
    const Dataset data = read_dataset(options.input);
    require_expressible(data, options.to);
    const fs::path folder = options.out;
    detail::make_folder(folder);
    if (options.to == "voc") {
        detail::make_folder(folder / "SegmentationClass");
        detail::make_folder(folder / "SegmentationObject");
    }
    write_categories(folder, data);
    std::map<std::int64_t, std::vector<const Annotation*>> annotations;
    for (const Annotation& annotation : data.annotations)
        annotations[annotation.image_id].push_back(&annotation);
    LeftOut left_out;
    for (const ImageRecord& image : data.images) {
        const Photo photo =
            photo_of(data, image, annotations[image.id], options.to == "voc", left_out);
        if (options.to == "labelme") {
            detail::write_file_atomically(
                folder / (photo.name + ".json"),
                data::labelme_text(image.file_name, photo.size(), photo.instances, 0));
        } else if (options.to == "yolo") {
            detail::write_file_atomically(folder / (photo.name + ".txt"),
                                          data::yolo_text(photo.size(), photo.instances, 0));
        } else if (options.to == "voc") {
            write_voc(folder, photo);
        } else {
            write_masks(folder, photo);
        }
    }
    fmt::print(stderr, "{} images to {} in {}\n", data.images.size(), options.to, options.out);
    if (left_out.crowds > 0)
        fmt::print(stderr, "left out: {} crowds, which {} files do not know\n", left_out.crowds,
                   options.to);
    if (left_out.without_mask > 0)
        fmt::print(stderr, "left out: {} objects without a mask\n", left_out.without_mask);
}

}  // namespace embedmask::cli
