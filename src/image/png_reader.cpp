// Reads PNG files as images.
#include <cstddef>
#include <vector>

#include "image/png_decoder.h"
#include "image/sample_range.h"

namespace embedmask::image {
namespace {

// Converts everything to RGB of 8 bits, or keeps 16 bits if that is what the file has and `wide`
// asks for. Transparency is dropped, never blended.
bool choose_output(PngDecoder& decoder, bool wide) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    png_structp png = decoder.png;
    const png_byte color = png_get_color_type(png, decoder.info);
    if (color == PNG_COLOR_TYPE_PALETTE) {
        png_set_palette_to_rgb(png);
    }
    if ((color & PNG_COLOR_MASK_COLOR) == 0) {
        png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
    }
    if (!wide) {
        png_set_strip_16(png);
    }
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder.info);
    return true;
}

// Maps the samples of a file with 16 bits by a range.
void map_rows(const std::vector<std::uint8_t>& wide, std::size_t row_samples,
              const DecodeOptions& options, std::vector<std::uint8_t>& rgb) {
    std::vector<double> values(row_samples);
    map_samples(options.range, {.most = 65535}, rgb.size(), [&](const auto& use) {
        for (std::size_t first = 0; first < rgb.size(); first += row_samples) {
            for (std::size_t i = 0; i < row_samples; ++i) {
                values[i] = png_get_uint_16(wide.data() + 2 * (first + i));
            }
            use(values, rgb.data() + first);
        }
    });
}

}  // namespace

StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    PngDecoder decoder(bytes);
    StoredImage stored;
    stored.image.size = open_png(decoder, name, options.max_pixels);
    stored.whole = stored.image.size;
    const bool wide = options.range && png_get_bit_depth(decoder.png, decoder.info) == 16;
    if (!choose_output(decoder, wide)) {
        fail_png(decoder, name);
    }
    const std::size_t row_samples = 3UL * static_cast<std::size_t>(stored.whole.width);
    stored.image.rgb.resize(row_samples * static_cast<std::size_t>(stored.whole.height));
    std::vector<std::uint8_t> samples(wide ? 2 * stored.image.rgb.size() : 0);
    if (!read_png_rows(decoder, wide ? samples.data() : stored.image.rgb.data(),
                       wide ? 2 * row_samples : row_samples, stored.whole.height)) {
        fail_png(decoder, name);
    }
    if (wide) {
        map_rows(samples, row_samples, options, stored.image.rgb);
    }
    stored.orientation = png_orientation(decoder);
    return stored;
}

}  // namespace embedmask::image
