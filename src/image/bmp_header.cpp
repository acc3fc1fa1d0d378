#include "image/bmp_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "embedmask/error.h"
#include "image/stored_image.h"

namespace embedmask::image {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kCoreHeader = 12;   // OS/2 1.x: sides of 16 bits, three bytes per colour
constexpr std::size_t kShortHeader = 16;  // OS/2 2.x, without what may be left out
constexpr std::size_t kOs2Header = 64;    // OS/2 2.x; its compressions from 3 on are others
constexpr std::size_t kInfoHeader = 40;   // Windows; longer ones add fields
constexpr std::size_t kMasks = kFileHeader + kInfoHeader;

enum Compression : std::uint32_t {
    kNone = 0,
    kRle8 = 1,
    kRle4 = 2,
    kBitFields = 3,
    kAlphaBitFields = 6,
};

class BmpHeaderReader {
public:
    BmpHeaderReader(std::span<const std::uint8_t> bytes, std::string_view name)
        : bytes_(bytes), name_(name) {}

    BmpHeader read(std::uint64_t max_pixels) {
        header_size_ = number(kFileHeader, 4);
        const bool known = header_size_ == kCoreHeader || header_size_ == kShortHeader ||
                           (header_size_ >= kInfoHeader && header_size_ <= kMostHeader);
        if (!known) {
            fail(fmt::format("a header of {} bytes", header_size_), "12, 16, or 40 to 124");
        }
        read_size(max_pixels);
        read_form();
        if (header_.bits <= 8) {
            read_palette();
        } else if (header_.bits != 24) {
            read_fields();
        }
        return header_;
    }

private:
    static constexpr std::size_t kMostHeader = 124;

    [[noreturn]] void fail(const std::string& found, const char* expected) const {
        throw Error(
            fmt::format("{}: found a BMP file with {}: expected {}", name_, found, expected),
            "convert it with another program or exclude it");
    }

    [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
        if (bytes_.size() < at + size) {
            fail_bmp_truncated(name_);
        }
        std::uint32_t value = 0;
        for (std::size_t i = size; i > 0; --i) {
            value = value << 8U | bytes_[at + i - 1];
        }
        return value;
    }

    void read_size(std::uint64_t max_pixels) {
        std::int64_t width = 0;
        std::int64_t height = 0;
        if (header_size_ == kCoreHeader) {
            width = number(18, 2);
            height = number(20, 2);
        } else {
            width = static_cast<std::int32_t>(number(18, 4));
            height = static_cast<std::int32_t>(number(22, 4));
        }
        if (width < 0) {
            fail(fmt::format("a width of {}", width), "a positive one");
        }
        header_.top_down = height < 0;
        height = height < 0 ? -height : height;
        check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
                   max_pixels, name_);
        header_.size = {static_cast<int>(width), static_cast<int>(height)};
    }

    void read_form() {
        header_.bits = number(header_size_ == kCoreHeader ? 24 : 28, 2);
        compression_ =
            header_size_ >= kInfoHeader ? number(30, 4) : static_cast<std::uint32_t>(kNone);
        header_.pixels = number(10, 4);
        constexpr std::array<unsigned, 6> kBits = {1, 4, 8, 16, 24, 32};
        if (std::ranges::find(kBits, header_.bits) == kBits.end()) {
            fail(fmt::format("{} bits per pixel", header_.bits), "1, 4, 8, 16, 24 or 32");
        }
        const bool has_fields = header_.bits == 16 || header_.bits == 32;
        const bool os2 = header_size_ == kOs2Header;
        const bool supported =
            compression_ == kNone || (compression_ == kRle8 && header_.bits == 8) ||
            (compression_ == kRle4 && header_.bits == 4) ||
            (!os2 && has_fields && (compression_ == kBitFields || compression_ == kAlphaBitFields));
        if (!supported) {
            fail(fmt::format("compression {} and {} bits per pixel", compression_, header_.bits),
                 "none, run lengths of 4 or 8 bits, or bit fields of 16 or 32 bits");
        }
        header_.packing = compression_ == kRle8   ? BmpHeader::Packing::rle8
                          : compression_ == kRle4 ? BmpHeader::Packing::rle4
                                                  : BmpHeader::Packing::none;
    }

    // Numbers beyond the palette are black.
    void read_palette() {
        const std::size_t entry = header_size_ == kCoreHeader ? 3 : 4;
        const std::uint32_t most = 1U << header_.bits;
        const std::uint32_t used = header_size_ >= kInfoHeader ? number(46, 4) : 0;
        const std::size_t count = used == 0 ? most : std::min(used, most);
        const std::size_t first = kFileHeader + header_size_;
        header_.palette.resize(most);
        for (std::size_t i = 0; i < count && first + (i + 1) * entry <= header_.pixels; ++i) {
            const std::uint32_t color = number(first + i * entry, 3);
            header_.palette[i] = {static_cast<std::uint8_t>(color >> 16U),
                                  static_cast<std::uint8_t>(color >> 8U & 255U),
                                  static_cast<std::uint8_t>(color & 255U)};
        }
    }

    void read_fields() {
        std::array<std::uint32_t, 3> masks = {0xFF0000, 0xFF00, 0xFF};
        if (compression_ != kNone) {
            for (std::size_t c = 0; c < masks.size(); ++c) {
                masks[c] = number(kMasks + 4 * c, 4);
            }
        } else if (header_.bits == 16) {
            masks = {0x7C00, 0x3E0, 0x1F};
        }
        for (std::size_t c = 0; c < masks.size(); ++c) {
            const auto shift = static_cast<unsigned>(std::countr_zero(masks[c]));
            const auto bits = static_cast<unsigned>(std::popcount(masks[c]));
            const std::uint64_t run = ((1ULL << bits) - 1) << (bits == 0 ? 0 : shift);
            if (run != masks[c]) {
                fail(fmt::format("the bit mask {:#x}", masks[c]), "bits next to each other");
            }
            header_.fields[c] = {bits == 0 ? 0 : shift, bits};
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    std::size_t header_size_ = 0;
    std::uint32_t compression_ = kNone;
    BmpHeader header_;
};

}  // namespace

std::uint8_t BmpField::of(std::uint32_t pixel) const {
    if (bits == 0) {
        return 0;
    }
    const std::uint32_t most = bits >= 32 ? ~0U : (1U << bits) - 1;
    const std::uint32_t value = pixel >> shift & most;
    return static_cast<std::uint8_t>(bits >= 8 ? value >> (bits - 8)
                                               : (value * 255 + most / 2) / most);
}

std::uint64_t BmpHeader::row_bytes() const {
    return (static_cast<std::uint64_t>(size.width) * bits + 7) / 8;
}

std::uint64_t BmpHeader::padded_row_bytes() const {
    return (row_bytes() + 3) / 4 * 4;
}

BmpHeader read_bmp_header(std::span<const std::uint8_t> bytes, std::string_view name,
                          std::uint64_t max_pixels) {
    return BmpHeaderReader(bytes, name).read(max_pixels);
}

void fail_bmp_truncated(std::string_view name) {
    throw Error(fmt::format("{}: truncated BMP file", name), "copy or download it again");
}

}  // namespace embedmask::image
