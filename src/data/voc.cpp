#include "data/voc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "data/dataset_builder.h"
#include "data/voc_colors.h"
#include "embedmask/error.h"
#include "mask/id_map.h"

namespace embedmask::data {

namespace fs = std::filesystem;

void make_voc_folders(const fs::path& folder) {
    detail::make_folder(folder / "SegmentationClass");
    detail::make_folder(folder / "SegmentationObject");
}

void write_voc(const fs::path& folder, const LabeledImage& image) {
    if (image.objects.size() > kVocMost) {
        throw Error(fmt::format("image {}: {} objects: VOC images are limited to {}",
                                image.record->id, image.objects.size(), kVocMost));
    }
    const auto owners = mask::id_map(image.size(), mask::scored_masks(image.objects));
    Image classes = black_image(image.size());
    Image objects = black_image(image.size());
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] == 0) {
            continue;
        }
        const std::size_t owner = owners[i] - 1U;
        const bool crowd = image.annotations[owner]->crowd;
        const auto category = static_cast<unsigned>(image.objects[owner].category_index) + 1;
        const auto class_color = voc_color(crowd ? kVocVoid : category);
        const auto object_color = voc_color(crowd ? kVocVoid : owners[i]);
        std::copy(class_color.begin(), class_color.end(),
                  classes.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
        std::copy(object_color.begin(), object_color.end(),
                  objects.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
    }
    write_png(folder / "SegmentationClass" / (image.name + ".png"), classes);
    write_png(folder / "SegmentationObject" / (image.name + ".png"), objects);
}

void read_voc(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder() / "SegmentationObject", ".png")) {
        const auto& image = builder.image(path.stem().string(), path.string());
        const Image objects = read_image(path, {.expected_size = image.size});
        const Image classes = read_image(builder.folder() / "SegmentationClass" / path.filename(),
                                         {.expected_size = image.size});
        const std::size_t pixels = objects.rgb.size() / 3;
        std::map<unsigned, std::vector<std::uint8_t>> masks;
        std::map<unsigned, unsigned> labels;
        for (std::size_t i = 0; i < pixels; ++i) {
            const auto index = [&](const Image& drawn) {
                return voc_index(drawn.rgb[3 * i], drawn.rgb[3 * i + 1], drawn.rgb[3 * i + 2]);
            };
            const unsigned object = index(objects);
            if (object == 0 || object == kVocVoid) {
                continue;
            }
            auto& mask = masks[object];
            mask.resize(pixels, 0);
            mask[i] = 1;
            if (const unsigned label = index(classes); label != 0 && label != kVocVoid) {
                labels[object] = label;
            }
        }
        for (const auto& [object, mask] : masks) {
            if (!labels.contains(object)) {
                throw Error(fmt::format("{}: object {} has no class in SegmentationClass",
                                        path.string(), object),
                            "every object must appear in both images");
            }
            const std::int64_t category =
                builder.category_at(static_cast<std::int64_t>(labels[object]) - 1, path.string());
            builder.add_mask(image, category,
                             encode_rows(mask, image.size.height, image.size.width));
        }
    }
}

}  // namespace embedmask::data
