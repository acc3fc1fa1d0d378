// The header of a PNM file: PBM, PGM, PPM, PAM or PFM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "embedmask/image.h"

namespace embedmask::image {

/// Whether a byte separates numbers and words.
inline bool is_pnm_blank(std::uint8_t byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct PnmHeader {
    enum class Samples {
        text_bits,  ///< P1: digits 0 and 1
        text,       ///< P2, P3: numbers
        bits,       ///< P4: packed, 1 is black
        binary,     ///< P5, P6, P7: one byte, or two of big endian
        floats,     ///< PFM: 32 bits, rows from the bottom to the top
    };

    ImageSize size;
    Samples samples = Samples::binary;
    std::size_t channels = 1;    ///< in the file: 1 to 4
    unsigned most = 1;           ///< largest value; not of floats
    bool little_endian = false;  ///< floats
    std::size_t pixels = 0;      ///< where they begin
};

/// Error for a truncated or damaged header, and for a size beyond the limit.
PnmHeader read_pnm_header(std::span<const std::uint8_t> bytes, std::string_view name,
                          std::uint64_t max_pixels);

/// Reads numbers of a file, with blanks and comments between them.
class PnmText {
public:
    PnmText(std::span<const std::uint8_t> bytes, std::string_view name, std::size_t position)
        : bytes_(bytes), name_(name), position_(position) {}

    /// A number up to `most`; errors call it `what`.
    std::uint64_t number(std::string_view what, std::uint64_t most);
    /// A digit 0 or 1, which need not be followed by a blank.
    unsigned bit();
    /// Text up to the next blank.
    std::string_view word();
    /// The one blank between the header and the pixels.
    void end_header();

    [[nodiscard]] std::size_t position() const { return position_; }

private:
    void skip_blanks();
    [[nodiscard]] bool at_end() const { return position_ >= bytes_.size(); }

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    std::size_t position_;
};

[[noreturn]] void fail_pnm_truncated(std::string_view name);

}  // namespace embedmask::image
