#include "data/mask_pictures.h"

#include <fmt/format.h>

#include <charconv>

#include "data/dataset_builder.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

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

void write_mask_pictures(const fs::path& folder, const LabelledPhoto& photo) {
    for (std::size_t i = 0; i < photo.annotations.size(); ++i) {
        Image picture = black_picture(photo.size());
        const auto mask = decode_rows(photo.masks[i]);
        for (std::size_t p = 0; p < mask.size(); ++p) {
            for (std::size_t channel = 0; channel < 3; ++channel) {
                picture.rgb[3 * p + channel] = mask[p] != 0 ? 255 : 0;
            }
        }
        write_png(folder / fmt::format("{}-{}-{}.png", photo.name, photo.annotations[i]->id,
                                       photo.annotations[i]->category_id),
                  picture);
    }
}

void read_mask_pictures(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".png")) {
        const MaskName name = mask_name(path);
        const auto& photo = builder.photo(name.photo, path.string());
        const Image picture = read_image(path, {.expected_size = photo.size});
        std::vector<std::uint8_t> mask(picture.rgb.size() / 3);
        for (std::size_t i = 0; i < mask.size(); ++i) {
            mask[i] = picture.rgb[3 * i] > 127 ? 1 : 0;
        }
        builder.add_mask(photo, builder.category_with_id(name.category, path.string()),
                         encode_rows(mask, photo.size.height, photo.size.width));
    }
}

}  // namespace embedmask::data
