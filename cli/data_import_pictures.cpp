// Labels that are pictures: Pascal VOC's, and one black and white picture an object.
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "data_import.h"
#include "embedmask/error.h"
#include "voc_colours.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;

Image read_labels(const fs::path& path, const DatasetBuilder::Photo& photo) {
    return read_image(path, {.expected_size = photo.size});
}

/// PHOTO-OBJECT-CATEGORYID
struct MaskName {
    std::string photo;
    std::int64_t category = 0;
};

MaskName mask_name(const fs::path& path) {
    const std::string stem = path.stem().string();
    const std::size_t last = stem.rfind('-');
    const std::size_t middle =
        last == std::string::npos || last == 0 ? std::string::npos : stem.rfind('-', last - 1);
    MaskName name;
    if (middle != std::string::npos) {
        const char* end = stem.data() + stem.size();
        const auto parsed = std::from_chars(stem.data() + last + 1, end, name.category);
        name.photo = stem.substr(0, middle);
        if (parsed.ec == std::errc{} && parsed.ptr == end) return name;
    }
    throw Error(fmt::format("{}: expected a name like PHOTO-OBJECT-CATEGORYID.png", path.string()));
}

}  // namespace

void import_voc(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder() / "SegmentationObject", ".png")) {
        const auto& photo = builder.photo(path.stem().string(), path.string());
        const Image objects = read_labels(path, photo);
        const Image classes =
            read_labels(builder.folder() / "SegmentationClass" / path.filename(), photo);
        const std::size_t pixels = objects.rgb.size() / 3;
        std::map<unsigned, std::vector<std::uint8_t>> masks;
        std::map<unsigned, unsigned> labels;
        for (std::size_t i = 0; i < pixels; ++i) {
            const auto index = [&](const Image& image) {
                return voc_index(image.rgb[3 * i], image.rgb[3 * i + 1], image.rgb[3 * i + 2]);
            };
            const unsigned object = index(objects);
            if (object == 0 || object == kVocVoid) continue;
            auto& mask = masks[object];
            mask.resize(pixels, 0);
            mask[i] = 1;
            if (const unsigned label = index(classes); label != 0 && label != kVocVoid)
                labels[object] = label;
        }
        for (const auto& [object, mask] : masks) {
            if (!labels.contains(object))
                throw Error(fmt::format("{}: object {} has no class in SegmentationClass",
                                        path.string(), object),
                            "both pictures must show every object");
            const std::int64_t category =
                builder.category_at(static_cast<std::int64_t>(labels[object]) - 1, path.string());
            builder.add_mask(photo, category,
                             encode_rows(mask, photo.size.height, photo.size.width));
        }
    }
}

void import_masks(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".png")) {
        const MaskName name = mask_name(path);
        const auto& photo = builder.photo(name.photo, path.string());
        const Image picture = read_labels(path, photo);
        std::vector<std::uint8_t> mask(picture.rgb.size() / 3);
        for (std::size_t i = 0; i < mask.size(); ++i)
            mask[i] = picture.rgb[3 * i] > 127 ? 1 : 0;
        builder.add_mask(photo, builder.category_with_id(name.category, path.string()),
                         encode_rows(mask, photo.size.height, photo.size.width));
    }
}

}  // namespace embedmask::cli
