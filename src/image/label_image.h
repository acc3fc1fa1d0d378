// PNG files whose pixels are numbers: masks, class and object images, id maps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::image {

/// What the pixels of a PNG file are, by its colour type.
enum class LabelForm {
    palette,  ///< positions in a list of colours
    gray,     ///< grey values
    color,    ///< red, green and blue
};

struct LabelImage {
    ImageSize size;
    LabelForm form = LabelForm::gray;
    int bits = 8;  ///< of a palette index or grey value: 1, 2, 4, 8, 16
    /// Rows from top to bottom: palette indices and grey values as stored, not scaled to 8 bits;
    /// colours as 0xRRGGBB.
    std::vector<std::uint32_t> values;
    std::vector<std::uint32_t> palette;  ///< 0xRRGGBB
    /// Opacity 0..255 per pixel, if the file has an alpha channel that is not the same everywhere.
    std::vector<std::uint8_t> alpha;
};

/// Decodes a PNG file without colour conversion, turned upright if it has an EXIF orientation.
/// Limits and errors as for `decode_image`; also an Error for a file of another format.
LabelImage decode_label_image(std::span<const std::uint8_t> bytes, std::string_view name,
                              std::uint64_t max_pixels = DecodeOptions{}.max_pixels);

/// Reads and decodes a file.
LabelImage read_label_image(const std::filesystem::path& path);

}  // namespace embedmask::image
