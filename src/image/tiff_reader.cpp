// Reads pages of TIFF files with libtiff, a row or a tile at a time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "image/cmyk.h"
#include "image/sample_range.h"
#include "image/stored_image.h"
#include "image/tiff_file.h"
#include "image/tiff_form.h"
#include "image/tiff_samples.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

// A part of a row, with all interleaved channels or one channel.
struct Piece {
    const std::uint8_t* samples;
    int x;
    int y;
    int count;
    std::size_t channel;  ///< first one
};

// A codec that lost its way may only warn and fill in pixels of its own.
void check_decoded(const TiffFile& file, const TiffForm& form, bool decoded) {
    const bool inventive =
        form.compression == COMPRESSION_JPEG || form.compression == COMPRESSION_CCITTRLE ||
        form.compression == COMPRESSION_CCITTFAX3 || form.compression == COMPRESSION_CCITTFAX4;
    if (!decoded || file.complained(inventive)) {
        file.fail();
    }
}

template <typename Visit>
void visit_rows(const TiffFile& file, const TiffForm& form, std::size_t channel,
                const Visit& visit) {
    std::vector<std::uint8_t> row(static_cast<std::size_t>(TIFFScanlineSize64(file.handle())));
    for (int y = 0; y < form.size.height; ++y) {
        const int status =
            TIFFReadScanline(file.handle(), row.data(), static_cast<std::uint32_t>(y),
                             static_cast<std::uint16_t>(channel));
        check_decoded(file, form, status == 1);
        visit(Piece{row.data(), 0, y, form.size.width, channel});
    }
}

template <typename Visit>
void visit_tiles(const TiffFile& file, const TiffForm& form, std::size_t channel,
                 const Visit& visit) {
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(TIFFTileSize64(file.handle())));
    const auto row_bytes = static_cast<std::size_t>(TIFFTileRowSize64(file.handle()));
    for (int top = 0; top < form.size.height; top += form.tile.height) {
        for (int left = 0; left < form.size.width; left += form.tile.width) {
            const auto size = static_cast<tmsize_t>(tile.size());
            const tmsize_t decoded = TIFFReadTile(
                file.handle(), tile.data(), static_cast<std::uint32_t>(left),
                static_cast<std::uint32_t>(top), 0, static_cast<std::uint16_t>(channel));
            check_decoded(file, form, decoded == size);
            const int rows = std::min(form.tile.height, form.size.height - top);
            for (int y = 0; y < rows; ++y) {
                visit(Piece{tile.data() + static_cast<std::size_t>(y) * row_bytes, left, top + y,
                            std::min(form.tile.width, form.size.width - left), channel});
            }
        }
    }
}

// Calls `visit` with the pieces of all used channels.
template <typename Visit>
void visit_pieces(TiffFile& file, const TiffForm& form, const Visit& visit) {
    file.forget_messages();
    const std::size_t passes = form.separate ? static_cast<std::size_t>(form.used) : 1;
    for (std::size_t channel = 0; channel < passes; ++channel) {
        if (form.tiled) {
            visit_tiles(file, form, channel, visit);
        } else {
            visit_rows(file, form, channel, visit);
        }
    }
}

// The used channels with 8 bits each, interleaved.
class Raster {
public:
    Raster(TiffFile& file, const TiffForm& form, const std::optional<SampleRange>& range)
        : form_(form),
          used_(static_cast<std::size_t>(form.used)),
          bytes_(used_ * pixel_count(form.size)) {
        if (is_wide(form)) {
            read_wide(file, range);
        } else {
            visit_pieces(file, form, [&](const Piece& piece) { take_bytes(piece); });
        }
    }

    std::vector<std::uint8_t> take() { return std::move(bytes_); }

private:
    [[nodiscard]] std::size_t channels_in(const Piece& piece) const {
        return form_.separate ? piece.channel + 1 : used_;
    }
    std::uint8_t* place(const Piece& piece, std::size_t channel) {
        const std::size_t pixel =
            static_cast<std::size_t>(piece.y) * static_cast<std::size_t>(form_.size.width) +
            static_cast<std::size_t>(piece.x);
        return bytes_.data() + pixel * used_ + channel;
    }
    [[nodiscard]] TiffSamples samples(const Piece& piece) const {
        return {piece.samples, form_.interleaved()};
    }
    // The channel within what is interleaved.
    [[nodiscard]] std::size_t inner(std::size_t channel) const {
        return form_.separate ? 0 : channel;
    }

    void take_bytes(const Piece& piece) {
        for (std::size_t c = piece.channel; c < channels_in(piece); ++c) {
            unpack_bytes(form_, samples(piece), inner(c), static_cast<std::size_t>(piece.count),
                         place(piece, c), used_);
        }
    }

    void read_wide(TiffFile& file, const std::optional<SampleRange>& range) {
        const auto width = static_cast<std::size_t>(form_.size.width);
        std::vector<double> values(width);
        std::vector<std::uint8_t> mapped(width);
        map_samples(range, values_of(form_), bytes_.size(), [&](const auto& use) {
            visit_pieces(file, form_, [&](const Piece& piece) {
                const auto count = static_cast<std::size_t>(piece.count);
                for (std::size_t c = piece.channel; c < channels_in(piece); ++c) {
                    unpack_values(form_, samples(piece), inner(c), {values.data(), count});
                    use({values.data(), count}, mapped.data());
                    std::uint8_t* out = place(piece, c);
                    for (std::size_t i = 0; i < count; ++i) {
                        out[i * used_] = mapped[i];
                    }
                }
            });
        });
    }

    const TiffForm& form_;
    std::size_t used_;
    std::vector<std::uint8_t> bytes_;
};

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

Palette tiff_palette(const TiffFile& file, const TiffForm& form) {
    std::array<std::uint16_t*, 3> colors{};
    if (TIFFGetField(file.handle(), TIFFTAG_COLORMAP, colors.data(), colors.data() + 1,
                     colors.data() + 2) != 1) {
        file.fail();
    }
    const std::size_t count = std::size_t{1} << form.bits;
    // Some programs write 8 bits where 16 are meant.
    bool wide = false;
    for (std::size_t i = 0; i < count; ++i) {
        wide = wide || colors[0][i] > 255 || colors[1][i] > 255 || colors[2][i] > 255;
    }
    Palette palette{};
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            palette[i][c] = static_cast<std::uint8_t>(wide ? colors[c][i] >> 8 : colors[c][i]);
        }
    }
    return palette;
}

std::vector<std::uint8_t> to_rgb(const TiffFile& file, const TiffForm& form,
                                 std::vector<std::uint8_t> raster) {
    if (form.photometric == PHOTOMETRIC_MINISWHITE) {
        for (std::uint8_t& byte : raster) {
            byte = static_cast<std::uint8_t>(255 - byte);
        }
    }
    if (form.used == 3) {
        return raster;
    }
    const std::size_t pixels = pixel_count(form.size);
    std::vector<std::uint8_t> rgb(3 * pixels);
    if (form.photometric == PHOTOMETRIC_PALETTE) {
        const Palette palette = tiff_palette(file, form);
        for (std::size_t i = 0; i < pixels; ++i) {
            std::ranges::copy(palette[raster[i]], rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
        }
    } else if (form.used == 4) {
        for (std::size_t i = 0; i < pixels; ++i) {
            std::array<std::uint8_t, 4> light{};
            std::transform(raster.data() + 4 * i, raster.data() + 4 * i + 4, light.data(),
                           [](std::uint8_t ink) { return static_cast<std::uint8_t>(255 - ink); });
            cmyk_to_rgb(light.data(), rgb.data() + 3 * i);
        }
    } else {
        for (std::size_t i = 0; i < pixels; ++i) {
            std::fill_n(rgb.data() + 3 * i, 3, raster[i]);
        }
    }
    return rgb;
}

// Colour spaces that libtiff converts. It has no function for one row of them.
std::vector<std::uint8_t> rgb_of_library(TiffFile& file, const TiffForm& form) {
    std::array<char, 1024> why{};
    if (TIFFRGBAImageOK(file.handle(), why.data()) == 0) {
        TIFFErrorExtR(file.handle(), "file", "%s", why.data());
        file.fail();
    }
    file.forget_messages();
    const std::size_t pixels = pixel_count(form.size);
    std::vector<std::uint32_t> packed(pixels);
    // The rows as they are stored: the caller turns the image.
    const int read = TIFFReadRGBAImageOriented(
        file.handle(), static_cast<std::uint32_t>(form.size.width),
        static_cast<std::uint32_t>(form.size.height), packed.data(), file.orientation(), 1);
    check_decoded(file, form, read == 1);
    std::vector<std::uint8_t> rgb(3 * pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
        rgb[3 * i] = static_cast<std::uint8_t>(TIFFGetR(packed[i]));
        rgb[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(packed[i]));
        rgb[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(packed[i]));
    }
    return rgb;
}

}  // namespace

StoredForm tiff_form(std::span<const std::uint8_t> bytes, std::string_view name,
                     std::optional<int> page) {
    const TiffFile file(bytes, name, page, DecodeOptions{}.max_pixels);
    return {file.size(), file.orientation()};
}

StoredImage decode_tiff(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options) {
    TiffFile file(bytes, name, options.page, options.max_pixels);
    const TiffForm form = tiff_form_of(file, options.max_pixels);
    StoredImage stored;
    stored.image.size = form.size;
    stored.whole = form.size;
    stored.orientation = file.orientation();
    stored.pages = file.pages();
    stored.image.rgb = form.converted_by_library()
                           ? rgb_of_library(file, form)
                           : to_rgb(file, form, Raster(file, form, options.range).take());
    return stored;
}

}  // namespace embedmask::image
