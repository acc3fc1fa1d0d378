#include "image/label_image.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/look_alike.h"
#include "embedmask/error.h"
#include "image/orientation.h"
#include "image/png_decoder.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

// Keeps indices, grey values and alpha as they are, in at least one byte each; colours in one byte.
bool choose_label_output(PngDecoder& decoder) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    png_structp png = decoder.png;
    png_set_packing(png);
    if ((png_get_color_type(png, decoder.info) & PNG_COLOR_MASK_COLOR) != 0) {
        png_set_strip_16(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder.info);
    return true;
}

LabelForm form_of(int color_type) {
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        return LabelForm::palette;
    }
    return (color_type & PNG_COLOR_MASK_COLOR) != 0 ? LabelForm::color : LabelForm::gray;
}

std::vector<std::uint32_t> palette_of(const PngDecoder& decoder) {
    png_colorp colors = nullptr;
    int count = 0;
    std::vector<std::uint32_t> palette;
    if (png_get_PLTE(decoder.png, decoder.info, &colors, &count) == 0) {
        return palette;
    }
    for (int i = 0; i < count; ++i) {
        const auto& [red, green, blue] = colors[i];
        palette.push_back(static_cast<std::uint32_t>(red << 16 | green << 8 | blue));
    }
    return palette;
}

// One pixel of up to four samples.
class Samples {
public:
    Samples(const std::uint8_t* pixel, bool wide) : pixel_(pixel), wide_(wide) {}

    [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
        return wide_ ? static_cast<std::uint32_t>(pixel_[2 * i] << 8 | pixel_[2 * i + 1])
                     : pixel_[i];
    }
    [[nodiscard]] std::uint8_t high_byte(std::size_t i) const { return pixel_[wide_ ? 2 * i : i]; }

private:
    const std::uint8_t* pixel_;
    bool wide_;
};

}  // namespace

LabelImage decode_label_image(std::span<const std::uint8_t> bytes, std::string_view name,
                              std::uint64_t max_pixels) {
    detail::reject_look_alikes(as_text(bytes), name, "a PNG image");
    if (!as_text(bytes).starts_with("\x89PNG\r\n\x1A\n")) {
        throw Error(fmt::format("{}: found another format: expected a PNG image", name),
                    "convert it to PNG; lossy formats change the numbers of the pixels");
    }
    PngDecoder decoder(bytes);
    LabelImage label;
    const ImageSize stored = open_png(decoder, name, max_pixels);
    label.form = form_of(png_get_color_type(decoder.png, decoder.info));
    label.bits = png_get_bit_depth(decoder.png, decoder.info);
    if (!choose_label_output(decoder)) {
        fail_png(decoder, name);
    }
    const bool wide = png_get_bit_depth(decoder.png, decoder.info) == 16;
    const std::size_t channels = png_get_channels(decoder.png, decoder.info);
    const std::size_t pixel_bytes = channels * (wide ? 2 : 1);
    const std::size_t count = pixel_count(stored);
    std::vector<std::uint8_t> pixels(count * pixel_bytes);
    if (!read_png_rows(decoder, pixels.data(), pixel_bytes * static_cast<std::size_t>(stored.width),
                       stored.height)) {
        fail_png(decoder, name);
    }
    const bool has_alpha = channels == 2 || channels == 4;
    label.values.resize(count);
    label.alpha.resize(has_alpha ? count : 0);
    for (std::size_t i = 0; i < count; ++i) {
        const Samples samples(pixels.data() + i * pixel_bytes, wide);
        label.values[i] =
            channels < 3 ? samples[0] : samples[0] << 16U | samples[1] << 8U | samples[2];
        if (has_alpha) {
            label.alpha[i] = samples.high_byte(channels - 1);
        }
    }
    if (std::ranges::adjacent_find(label.alpha, std::not_equal_to<>()) == label.alpha.end()) {
        label.alpha.clear();
    }
    label.palette = palette_of(decoder);
    const int orientation = png_orientation(decoder);
    label.size = oriented_size(stored, orientation);
    label.values = oriented(std::move(label.values), stored, orientation);
    label.alpha = oriented(std::move(label.alpha), stored, orientation);
    return label;
}

LabelImage read_label_image(const std::filesystem::path& path) {
    return decode_label_image(detail::read_file(path), path.string());
}

}  // namespace embedmask::image
