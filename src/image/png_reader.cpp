// Reads PNG files as images.
#include "image/png_decoder.h"

namespace embedmask::image {
namespace {

// Converts everything to 8-bit RGB. Transparency is dropped, never blended.
bool choose_output(PngDecoder& decoder) {
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
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder.info);
    return true;
}

}  // namespace

StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    PngDecoder decoder(bytes);
    StoredImage stored;
    stored.image.size = open_png(decoder, name, options.max_pixels);
    stored.whole = stored.image.size;
    if (!choose_output(decoder)) {
        fail_png(decoder, name);
    }
    const std::size_t row_bytes = 3UL * static_cast<std::size_t>(stored.whole.width);
    stored.image.rgb.resize(row_bytes * static_cast<std::size_t>(stored.whole.height));
    if (!read_png_rows(decoder, stored.image.rgb.data(), row_bytes, stored.whole.height)) {
        fail_png(decoder, name);
    }
    stored.orientation = png_orientation(decoder);
    return stored;
}

}  // namespace embedmask::image
