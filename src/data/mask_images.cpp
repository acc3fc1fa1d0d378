#include "data/mask_images.h"

#include <fmt/format.h>

#include <charconv>

#include "data/dataset_builder.h"
#include "embedmask/error.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

/// IMAGE-OBJECT-CATEGORYID
struct MaskName {
    std::string image;
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
        name.image = stem.substr(0, middle);
        if (parsed.ec == std::errc{} && parsed.ptr == end) {
            return name;
        }
    }
    throw Error(fmt::format("{}: expected a name like IMAGE-OBJECT-CATEGORYID.png", path.string()));
}

}  // namespace

void write_mask_images(const fs::path& folder, const LabeledImage& image) {
    for (std::size_t i = 0; i < image.annotations.size(); ++i) {
        Image drawn = black_image(image.size());
        const auto mask = decode_rows(image.masks[i]);
        for (std::size_t p = 0; p < mask.size(); ++p) {
            for (std::size_t channel = 0; channel < 3; ++channel) {
                drawn.rgb[3 * p + channel] = mask[p] != 0 ? 255 : 0;
            }
        }
        write_png(folder / fmt::format("{}-{}-{}.png", image.name, image.annotations[i]->id,
                                       image.annotations[i]->category_id),
                  drawn);
    }
}

void read_mask_images(DatasetBuilder& builder) {
    for (const fs::path& path : files_of(builder.folder(), ".png")) {
        const MaskName name = mask_name(path);
        const auto& image = builder.image(name.image, path.string());
        const Image drawn = read_image(path, {.expected_size = image.size});
        std::vector<std::uint8_t> mask(drawn.rgb.size() / 3);
        for (std::size_t i = 0; i < mask.size(); ++i) {
            mask[i] = drawn.rgb[3 * i] > 127 ? 1 : 0;
        }
        builder.add_mask(image, builder.category_with_id(name.category, path.string()),
                         encode_rows(mask, image.size.height, image.size.width));
    }
}

}  // namespace embedmask::data
