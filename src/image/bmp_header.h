// The header of a BMP file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::image {

/// One colour of a pixel with 16 or 32 bits.
struct BmpField {
    unsigned shift = 0;
    unsigned bits = 0;  ///< 0: the colour is always 0

    /// Scaled to 0..255.
    [[nodiscard]] std::uint8_t of(std::uint32_t pixel) const;
};

struct BmpHeader {
    enum class Packing { none, rle4, rle8 };

    ImageSize size;
    bool top_down = false;
    unsigned bits = 0;  ///< per pixel: 1, 4, 8, 16, 24, 32
    Packing packing = Packing::none;
    std::array<BmpField, 3> fields;                    ///< red, green, blue of 16 and 32 bits
    std::vector<std::array<std::uint8_t, 3>> palette;  ///< R,G,B; up to 8 bits
    std::size_t pixels = 0;                            ///< where they begin

    /// Bytes of a row that are used, and with its padding.
    [[nodiscard]] std::uint64_t row_bytes() const;
    [[nodiscard]] std::uint64_t padded_row_bytes() const;
};

/// Reads the headers of Windows and OS/2. Error for a truncated or damaged file, one that is not
/// supported, and a size beyond the limit.
BmpHeader read_bmp_header(std::span<const std::uint8_t> bytes, std::string_view name,
                          std::uint64_t max_pixels);

[[noreturn]] void fail_bmp_truncated(std::string_view name);

}  // namespace embedmask::image
