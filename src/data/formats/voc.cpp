#include "data/formats/voc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/paths.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/label_pixels.h"
#include "data/formats/voc_colors.h"
#include "embedmask/error.h"
#include "image/view.h"
#include "mask/id_map.h"

namespace embedmask::data {

namespace fs = std::filesystem;

std::string voc_name(const std::string& stem) {
    return stem + ".png";
}

std::vector<const Annotation*> write_voc(detail::OutputFolder& class_folder,
                                         detail::OutputFolder& object_folder,
                                         const LabeledImage& image) {
    if (image.objects.size() > kVocMost) {
        throw Error(fmt::format("image {}: {} objects: VOC images are limited to {}",
                                image.record->id, image.objects.size(), kVocMost));
    }
    const auto owners = mask::id_map(image.size, mask::scored_masks(image.objects));
    Image classes = black_image(image.size);
    Image objects = black_image(image.size);
    std::vector<bool> visible(image.objects.size(), false);
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] == 0) {
            continue;
        }
        const std::size_t owner = owners[i] - 1U;
        visible[owner] = true;
        const bool crowd = image.annotations[owner]->crowd;
        const auto category = static_cast<unsigned>(image.objects[owner].category_index) + 1;
        const auto class_color = voc_color(crowd ? kVocVoid : category);
        const auto object_color = voc_color(crowd ? kVocVoid : owners[i]);
        std::copy(class_color.begin(), class_color.end(),
                  classes.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
        std::copy(object_color.begin(), object_color.end(),
                  objects.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
    }
    class_folder.write(voc_name(image.name), image::as_text(encode_png(classes)));
    object_folder.write(voc_name(image.name), image::as_text(encode_png(objects)));
    std::vector<const Annotation*> covered;
    for (std::size_t i = 0; i < visible.size(); ++i) {
        if (!visible[i] && !image.annotations[i]->crowd) {
            covered.push_back(image.annotations[i]);
        }
    }
    return covered;
}

namespace {

std::vector<std::uint32_t> numbers_of(DatasetBuilder& builder, const image::LabelImage& label,
                                      const fs::path& path) {
    NumberedPixels pixels = voc_pixels(label, path.string());
    builder.note_reading(
        fmt::format(" in {}, {}", path.parent_path().filename().string(), pixels.rule));
    return std::move(pixels.numbers);
}

void read_voc_image(DatasetBuilder& builder, const fs::path& path) {
    const LabeledFrame& image =
        builder.images().named(detail::portable_stem(path.string()), path.string());
    const image::LabelImage object_image = image::read_label_image(path);
    const LabeledFrame frame = image.for_size(object_image.size, path.string());
    const fs::path classes_path = builder.folder() / kVocClassFolder / path.filename();
    if (!detail::has_entry(classes_path)) {
        throw Error(fmt::format("{}: not found: every image in {} needs one in {}",
                                classes_path.string(), kVocObjectFolder, kVocClassFolder));
    }
    const image::LabelImage class_image = image::read_label_image(classes_path);
    if (class_image.size != object_image.size) {
        throw Error(fmt::format("{}: found {}x{} pixels: expected {}x{} as in {}",
                                classes_path.string(), class_image.size.width,
                                class_image.size.height, frame.size.width, frame.size.height,
                                kVocObjectFolder));
    }
    const auto objects = numbers_of(builder, object_image, path);
    const auto classes = numbers_of(builder, class_image, classes_path);
    std::map<std::uint32_t, std::uint32_t> labels;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (objects[i] == 0 || classes[i] == 0) {
            continue;
        }
        const auto [known, fresh] = labels.emplace(objects[i], classes[i]);
        if (!fresh && known->second != classes[i]) {
            throw Error(fmt::format("{}: object {} has the classes {} and {} in {}", path.string(),
                                    objects[i], known->second, classes[i], kVocClassFolder),
                        "all pixels of an object must have the same class");
        }
    }
    for (const auto& [object, mask] : masks_of(objects, frame.size)) {
        if (!labels.contains(object)) {
            throw Error(fmt::format("{}: object {} has no class in SegmentationClass",
                                    path.string(), object),
                        "every object must appear in both images");
        }
        const std::int64_t category =
            builder.category_at(static_cast<std::int64_t>(labels[object]) - 1, path.string());
        builder.add_mask(frame, {category}, mask,
                         fmt::format("{}, object {}", path.string(), object));
    }
}

}  // namespace

void read_voc(DatasetBuilder& builder) {
    const auto files = builder.label_files(builder.folder() / kVocObjectFolder, ".png");
    builder.read_files(files, [&](const fs::path& path) { read_voc_image(builder, path); });
    if (!detail::is_folder(builder.folder() / kVocClassFolder)) {
        return;
    }
    std::set<fs::path> read;
    for (const fs::path& path : files) {
        read.insert(path.filename());
    }
    for (const fs::path& path : builder.label_files(builder.folder() / kVocClassFolder, ".png")) {
        if (!read.contains(path.filename())) {
            builder.note_reading(fmt::format(" in {}, without one in {}: not read", kVocClassFolder,
                                             kVocObjectFolder));
        }
    }
}

}  // namespace embedmask::data
