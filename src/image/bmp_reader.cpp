// Reads BMP files.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "embedmask/error.h"
#include "image/bmp_header.h"
#include "image/stored_image.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

// One colour of the palette per pixel, in the order of the file. Pixels that the run lengths skip
// are the first colour.
class RunLengths {
public:
    RunLengths(std::span<const std::uint8_t> bytes, std::string_view name, const BmpHeader& header)
        : bytes_(bytes),
          name_(name),
          width_(static_cast<std::size_t>(header.size.width)),
          height_(static_cast<std::size_t>(header.size.height)),
          half_(header.packing == BmpHeader::Packing::rle4),
          indices_(pixel_count(header.size)) {}

    std::vector<std::uint8_t> decode() {
        while (!ended_) {
            const std::size_t count = next();
            if (count > 0) {
                repeat(count, next());
            } else {
                escape(next());
            }
        }
        return std::move(indices_);
    }

private:
    std::uint8_t next() {
        if (position_ >= bytes_.size()) {
            fail_bmp_truncated(name_);
        }
        return bytes_[position_++];
    }

    // The pixel `i` of a byte or, with 4 bits, of a pair in a byte.
    [[nodiscard]] std::uint8_t index(std::uint8_t byte, std::size_t i) const {
        if (!half_) {
            return byte;
        }
        return static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15);
    }

    // Some programs fill up rows beyond their end.
    void put(std::uint8_t value) {
        if (y_ >= height_) {
            throw Error(fmt::format("{}: damaged BMP file: pixels beyond the last row", name_),
                        "convert it with another program or exclude it");
        }
        if (x_ < width_) {
            indices_[y_ * width_ + x_] = value;
        }
        ++x_;
    }

    void repeat(std::size_t count, std::uint8_t byte) {
        for (std::size_t i = 0; i < count; ++i) {
            put(index(byte, i));
        }
    }

    void escape(std::uint8_t code) {
        switch (code) {
            case 0:
                x_ = 0;
                ++y_;
                break;
            case 1:
                ended_ = true;
                break;
            case 2:
                x_ += next();
                y_ += next();
                break;
            default:
                copy(code);
        }
    }

    // Pixels one by one, in an even number of bytes.
    void copy(std::size_t count) {
        std::uint8_t byte = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (!half_ || i % 2 == 0) {
                byte = next();
            }
            put(index(byte, i));
        }
        const std::size_t used = half_ ? (count + 1) / 2 : count;
        if (used % 2 == 1) {
            (void)next();
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    std::size_t width_;
    std::size_t height_;
    bool half_;
    std::vector<std::uint8_t> indices_;
    std::size_t position_ = 0;
    std::size_t x_ = 0;
    std::size_t y_ = 0;
    bool ended_ = false;
};

std::uint32_t little_endian(const std::uint8_t* bytes, unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = count; i > 0; --i) {
        value = value << 8U | bytes[i - 1];
    }
    return value;
}

void convert_row(const BmpHeader& header, const std::uint8_t* row, std::uint8_t* rgb) {
    const auto width = static_cast<std::size_t>(header.size.width);
    for (std::size_t x = 0; x < width; ++x, rgb += 3) {
        if (header.bits <= 8) {
            const unsigned shift = 8 - header.bits - static_cast<unsigned>(x * header.bits % 8);
            const unsigned index = row[x * header.bits / 8] >> shift & ((1U << header.bits) - 1);
            std::ranges::copy(header.palette[index], rgb);
        } else if (header.bits == 24) {
            std::reverse_copy(row + 3 * x, row + 3 * x + 3, rgb);
        } else {
            const std::uint32_t pixel = little_endian(row + x * header.bits / 8, header.bits / 8);
            for (std::size_t c = 0; c < 3; ++c) {
                rgb[c] = header.fields[c].of(pixel);
            }
        }
    }
}

// The row of the file that is row `y` of the image.
std::size_t stored_row(const BmpHeader& header, int y) {
    return static_cast<std::size_t>(header.top_down ? y : header.size.height - 1 - y);
}

std::vector<std::uint8_t> plain_pixels(std::span<const std::uint8_t> bytes, std::string_view name,
                                       const BmpHeader& header) {
    const auto rows = static_cast<std::uint64_t>(header.size.height);
    const std::uint64_t used = (rows - 1) * header.padded_row_bytes() + header.row_bytes();
    if (header.pixels > bytes.size() || bytes.size() - header.pixels < used) {
        fail_bmp_truncated(name);
    }
    const std::size_t row_values = 3 * static_cast<std::size_t>(header.size.width);
    std::vector<std::uint8_t> rgb(3 * pixel_count(header.size));
    for (int y = 0; y < header.size.height; ++y) {
        convert_row(
            header,
            bytes.data() + header.pixels + stored_row(header, y) * header.padded_row_bytes(),
            rgb.data() + static_cast<std::size_t>(y) * row_values);
    }
    return rgb;
}

std::vector<std::uint8_t> packed_pixels(std::span<const std::uint8_t> bytes, std::string_view name,
                                        const BmpHeader& header) {
    if (header.pixels > bytes.size()) {
        fail_bmp_truncated(name);
    }
    const auto indices = RunLengths(bytes.subspan(header.pixels), name, header).decode();
    const auto width = static_cast<std::size_t>(header.size.width);
    std::vector<std::uint8_t> rgb;
    rgb.reserve(3 * indices.size());
    for (int y = 0; y < header.size.height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            const auto& color = header.palette[indices[stored_row(header, y) * width + x]];
            rgb.insert(rgb.end(), color.begin(), color.end());
        }
    }
    return rgb;
}

}  // namespace

StoredForm bmp_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    return {read_bmp_header(bytes, name, DecodeOptions{}.max_pixels).size, 1};
}

StoredImage decode_bmp(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    const BmpHeader header = read_bmp_header(bytes, name, options.max_pixels);
    StoredImage stored;
    stored.whole = header.size;
    stored.image.size = header.size;
    stored.image.rgb = header.packing == BmpHeader::Packing::none
                           ? plain_pixels(bytes, name, header)
                           : packed_pixels(bytes, name, header);
    return stored;
}

}  // namespace embedmask::image
