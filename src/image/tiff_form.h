// How a page of a TIFF file stores its pixels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "embedmask/image.h"
#include "image/tiff_file.h"

namespace embedmask::image {

struct TiffForm {
    ImageSize size;
    std::uint16_t bits = 0;
    std::uint16_t channels = 0;  ///< in the file, with alpha
    std::uint16_t photometric = 0;
    std::uint16_t sample_format = 0;
    std::uint16_t compression = 0;
    bool separate = false;  ///< each channel for itself
    bool tiled = false;
    ImageSize tile;
    /// Channels that make the image: 1 (grey, palette), 3 (RGB) or 4 (CMYK).
    int used = 0;

    /// Whether libtiff converts the pixels to RGB itself.
    [[nodiscard]] bool converted_by_library() const;
    /// Channels that are interleaved in what libtiff decodes.
    [[nodiscard]] std::size_t interleaved() const { return separate ? 1 : channels; }
};

/// Reads the form of the page. Error for a form that is not supported, and for pixels that the file
/// is too small for.
TiffForm tiff_form_of(const TiffFile& file, std::uint64_t max_pixels);

}  // namespace embedmask::image
