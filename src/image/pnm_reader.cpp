// Reads PNM files: PBM, PGM, PPM, PAM and PFM.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "image/pnm_header.h"
#include "image/sample_range.h"
#include "image/stored_image.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

using Samples = PnmHeader::Samples;

class PnmReader {
public:
    PnmReader(std::span<const std::uint8_t> bytes, std::string_view name, const PnmHeader& header)
        : bytes_(bytes),
          name_(name),
          header_(header),
          width_(static_cast<std::size_t>(header.size.width)),
          used_(header.channels < 3 ? 1 : 3) {
        check_bytes();
    }

    /// R,G,B of all pixels.
    std::vector<std::uint8_t> read(const std::optional<SampleRange>& range) {
        const std::size_t row_samples = width_ * used_;
        std::vector<std::uint8_t> samples(row_samples *
                                          static_cast<std::size_t>(header_.size.height));
        const bool floats = header_.samples == Samples::floats;
        if (!floats && header_.most <= 255) {
            for_each_row([&](int y, std::span<const double> row) {
                std::ranges::transform(row,
                                       samples.data() + row_samples * static_cast<std::size_t>(y),
                                       [this](double value) { return scaled(value); });
            });
        } else {
            const SampleValues values =
                floats ? SampleValues{.whole = false} : SampleValues{.most = header_.most};
            map_samples(range, values, samples.size(), [&](const auto& use) {
                for_each_row([&](int y, std::span<const double> row) {
                    use(row, samples.data() + row_samples * static_cast<std::size_t>(y));
                });
            });
        }
        return used_ == 3 ? samples : tripled(samples);
    }

private:
    // The file has room for the pixels, before memory is taken for them. A number in text has a
    // digit and a blank.
    void check_bytes() const {
        const std::uint64_t samples = pixel_count(header_.size) * header_.channels;
        std::uint64_t needed = 0;
        switch (header_.samples) {
            case Samples::text_bits:
                needed = samples;
                break;
            case Samples::text:
                needed = 2 * samples - 1;
                break;
            case Samples::bits:
            case Samples::binary:
            case Samples::floats:
                needed = row_bytes() * static_cast<std::uint64_t>(header_.size.height);
        }
        if (bytes_.size() - header_.pixels < needed) {
            fail_pnm_truncated(name_);
        }
    }

    [[nodiscard]] std::size_t row_bytes() const {
        if (header_.samples == Samples::bits) {
            return (width_ + 7) / 8;
        }
        const std::size_t size = header_.samples == Samples::floats ? 4
                                 : header_.most > 255               ? 2
                                                                    : 1;
        return width_ * header_.channels * size;
    }

    [[nodiscard]] std::uint8_t scaled(double value) const {
        const unsigned limited = std::min(static_cast<unsigned>(value), header_.most);
        return static_cast<std::uint8_t>((limited * 255 + header_.most / 2) / header_.most);
    }

    [[nodiscard]] double binary_sample(std::size_t row, std::size_t i) const {
        const std::uint8_t* bytes = bytes_.data() + header_.pixels + row * row_bytes();
        switch (header_.samples) {
            case Samples::bits:
                return (bytes[i / 8] >> (7 - i % 8) & 1) == 0 ? 1 : 0;
            case Samples::floats: {
                std::uint32_t bits = 0;
                for (std::size_t k = 0; k < 4; ++k) {
                    bits = bits << 8U | bytes[4 * i + (header_.little_endian ? 3 - k : k)];
                }
                return std::bit_cast<float>(bits);
            }
            default:
                return header_.most > 255 ? bytes[2 * i] << 8 | bytes[2 * i + 1] : bytes[i];
        }
    }

    // Calls `visit` with the used samples of every row.
    template <typename Visit>
    void for_each_row(const Visit& visit) const {
        const bool text_bits = header_.samples == Samples::text_bits;
        const bool is_text = text_bits || header_.samples == Samples::text;
        PnmText text(bytes_, name_, header_.pixels);
        std::vector<double> row(width_ * used_);
        for (int y = 0; y < header_.size.height; ++y) {
            const int stored = header_.samples == Samples::floats ? header_.size.height - 1 - y : y;
            for (std::size_t i = 0; i < row.size(); ++i) {
                const std::size_t in_file = i / used_ * header_.channels + i % used_;
                // 1 is black.
                row[i] = text_bits ? 1 - text.bit()
                         : is_text ? static_cast<double>(text.number("a sample", header_.most))
                                   : binary_sample(static_cast<std::size_t>(stored), in_file);
            }
            visit(y, row);
        }
    }

    static std::vector<std::uint8_t> tripled(const std::vector<std::uint8_t>& gray) {
        std::vector<std::uint8_t> rgb(3 * gray.size());
        for (std::size_t i = 0; i < gray.size(); ++i) {
            std::fill_n(rgb.data() + 3 * i, 3, gray[i]);
        }
        return rgb;
    }

    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    const PnmHeader& header_;
    std::size_t width_;
    std::size_t used_;
};

}  // namespace

StoredForm pnm_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    return {read_pnm_header(bytes, name, DecodeOptions{}.max_pixels).size, 1};
}

StoredImage decode_pnm(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    const PnmHeader header = read_pnm_header(bytes, name, options.max_pixels);
    StoredImage stored;
    stored.whole = header.size;
    stored.image.size = header.size;
    stored.image.rgb = PnmReader(bytes, name, header).read(options.range);
    return stored;
}

}  // namespace embedmask::image
