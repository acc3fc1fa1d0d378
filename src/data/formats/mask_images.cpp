#include "data/formats/mask_images.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/paths.h"
#include "data/folder_files.h"
#include "data/formats/dataset_builder.h"
#include "data/formats/id_map_labels.h"
#include "data/formats/label_pixels.h"
#include "embedmask/error.h"
#include "image/view.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

/// IMAGE-OBJECT-CATEGORYID
struct MaskName {
    std::string image;
    std::optional<std::int64_t> object;  // if it is a number
    std::int64_t category = 0;
};

std::optional<std::int64_t> integer_of_text(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

std::optional<MaskName> mask_name(const std::string& stem) {
    const std::size_t last = stem.rfind('-');
    const std::size_t middle =
        last == std::string::npos || last == 0 ? std::string::npos : stem.rfind('-', last - 1);
    if (middle == std::string::npos) {
        return std::nullopt;
    }
    const std::string_view text = stem;
    const auto category = integer_of_text(text.substr(last + 1));
    if (!category) {
        return std::nullopt;
    }
    return MaskName{stem.substr(0, middle),
                    integer_of_text(text.substr(middle + 1, last - middle - 1)), *category};
}

void read_mask_image(DatasetBuilder& builder, const MaskName& name, const fs::path& path) {
    const LabeledFrame& image = builder.images().named(name.image, path.string());
    const image::LabelImage label = image::read_label_image(path);
    const LabeledFrame frame = image.for_size(label.size, path.string());
    const ObjectPixels object = object_pixels(label, path.string());
    builder.note_reading(fmt::format(", {}", object.rule));
    builder.add_mask(frame, {builder.category_with_id(name.category, path.string()), name.object},
                     encode_rows(object.bits, frame.size.height, frame.size.width), path.string());
}

fs::path objects_file(const fs::path& id_map) {
    return fs::path(id_map).replace_extension(".json");
}

bool belongs_to_id_map(const fs::path& path) {
    return ending_of(path) == ".json" &&
           detail::path_exists(fs::path(path).replace_extension(".png"));
}

}  // namespace

std::string mask_image_name(const std::string& image, const Annotation& annotation) {
    return fmt::format("{}-{}-{}.png", image, annotation.id, annotation.category_id);
}

void write_mask_images(detail::OutputFolder& folder, const LabeledImage& image) {
    for (std::size_t i = 0; i < image.annotations.size(); ++i) {
        Image drawn = black_image(image.size);
        const auto mask = decode_rows(*image.objects[i].mask);
        for (std::size_t p = 0; p < mask.size(); ++p) {
            for (std::size_t channel = 0; channel < 3; ++channel) {
                drawn.rgb[3 * p + channel] = mask[p] != 0 ? 255 : 0;
            }
        }
        folder.write(mask_image_name(image.name, *image.annotations[i]),
                     image::as_text(encode_png(drawn)));
    }
}

void read_mask_images(DatasetBuilder& builder) {
    const auto files = builder.label_files(builder.folder(), ".png", belongs_to_id_map);
    builder.read_files(files, [&](const fs::path& path) {
        const std::string stem = detail::portable_stem(path.string());
        const std::optional<MaskName> name = mask_name(stem);
        const bool is_mask = name && builder.images().has(name->image);
        const bool is_id_map =
            builder.images().has(stem) && (!is_mask || detail::path_exists(objects_file(path)));
        if (is_id_map) {
            read_id_map(builder, path);
        } else if (name) {
            read_mask_image(builder, *name, path);
        } else {
            throw Error(
                fmt::format("{}: expected a name like IMAGE-OBJECT-CATEGORYID.png, or that "
                            "of an image for an id map",
                            path.string()));
        }
    });
}

}  // namespace embedmask::data
