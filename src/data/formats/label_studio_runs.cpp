#include "data/formats/label_studio_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "embedmask/error.h"
#include "image/view.h"

namespace embedmask::data {
namespace {

constexpr std::uint64_t kChannels = 4;
constexpr std::uint64_t kAlpha = 3;
constexpr std::array<unsigned, 4> kWidths = {3, 4, 8, 16};  // of the run lengths that we write

class BitReader {
public:
    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint32_t read(unsigned count) {
        if (count > 8 * bytes_.size() - at_) {
            throw Error(fmt::format(
                "found brush run lengths that end after {} bytes: expected more", bytes_.size()));
        }
        std::uint32_t value = 0;
        for (; count > 0; --count, ++at_) {
            const unsigned bit = (bytes_[at_ / 8] >> (7 - at_ % 8)) & 1U;
            value = value << 1U | bit;
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;  // in bits
};

class BitWriter {
public:
    void write(std::uint32_t value, unsigned count) {
        for (unsigned i = count; i > 0; --i, ++at_) {
            if (at_ % 8 == 0) {
                bytes_.push_back(0);
            }
            const std::uint32_t bit = value >> (i - 1) & 1U;
            bytes_.back() |= static_cast<std::uint8_t>(bit << (7 - at_ % 8));
        }
    }

    std::vector<std::uint8_t> take() { return std::move(bytes_); }

private:
    std::vector<std::uint8_t> bytes_;
    std::size_t at_ = 0;  // in bits
};

// Sets the pixels whose alpha is among the values [begin, end).
void set_pixels(std::vector<std::uint8_t>& bits, std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t first = (begin + kChannels - 1 - kAlpha) / kChannels;
    const std::uint64_t last = (end + kChannels - 1 - kAlpha) / kChannels;
    std::fill(bits.begin() + static_cast<std::ptrdiff_t>(first),
              bits.begin() + static_cast<std::ptrdiff_t>(last), std::uint8_t{1});
}

void write_run(BitWriter& writer, std::uint64_t length, std::uint32_t value) {
    constexpr std::uint64_t kLongest = 1U << 16;
    while (length > 0) {
        const std::uint64_t part = std::min(length, kLongest);
        const auto less = static_cast<std::uint32_t>(part - 1);
        std::uint32_t width = 0;
        while (less >> kWidths[width] != 0) {
            ++width;
        }
        writer.write(1, 1);
        writer.write(width, 2);
        writer.write(less, kWidths[width]);
        writer.write(value, 8);
        length -= part;
    }
}

}  // namespace

Rle mask_of_label_studio(std::span<const std::uint8_t> bytes, ImageSize image) {
    BitReader reader(bytes);
    const std::uint64_t pixels = image::pixel_count(image);
    const std::uint64_t count = reader.read(32);
    if (count != kChannels * pixels) {
        throw Error(
            fmt::format("found brush run lengths of {} values: expected {} for the {}x{} "
                        "pixels of the image",
                        count, kChannels * pixels, image.width, image.height));
    }
    const unsigned bits_per_value = reader.read(5) + 1;
    std::array<unsigned, 4> widths{};
    for (unsigned& width : widths) {
        width = reader.read(4) + 1;
    }
    std::vector<std::uint8_t> bits(pixels, 0);
    for (std::uint64_t at = 0; at < count;) {
        const bool is_run = reader.read(1) == 1;
        const std::uint64_t end = at + reader.read(widths[reader.read(2)]) + 1;
        if (end > count) {
            throw Error(fmt::format("found brush run lengths of more than {} values: expected {}",
                                    count, count));
        }
        if (is_run) {
            if (reader.read(bits_per_value) != 0) {
                set_pixels(bits, at, end);
            }
            at = end;
        }
        for (; at < end; ++at) {
            if (reader.read(bits_per_value) != 0) {
                set_pixels(bits, at, at + 1);
            }
        }
    }
    return encode_rows(bits, image.height, image.width);
}

std::vector<std::uint8_t> label_studio_runs(const Rle& mask) {
    BitWriter writer;
    const auto bits = decode_rows(mask);
    writer.write(static_cast<std::uint32_t>(kChannels * bits.size()), 32);
    writer.write(8 - 1, 5);
    for (const unsigned width : kWidths) {
        writer.write(width - 1, 4);
    }
    for (std::size_t begin = 0; begin < bits.size();) {
        std::size_t end = begin;
        while (end < bits.size() && bits[end] == bits[begin]) {
            ++end;
        }
        write_run(writer, kChannels * (end - begin), bits[begin] == 0 ? 0 : 255);
        begin = end;
    }
    return writer.take();
}

}  // namespace embedmask::data
