// Reads the first frame of GIF files with giflib.
#include <fmt/format.h>
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "embedmask/error.h"
#include "image/stored_image.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

// Codes have up to 12 bits, and the longest of their texts fewer than 4096 pixels.
constexpr std::uint64_t kMostPixelsPerByte = 4096;

[[noreturn]] void fail_gif(std::string_view name, int code) {
    if (code == D_GIF_ERR_EOF_TOO_SOON || code == D_GIF_ERR_READ_FAILED) {
        throw Error(fmt::format("{}: truncated GIF file", name), "copy or download it again");
    }
    const char* why = GifErrorString(code);
    throw Error(fmt::format("{}: damaged or unsupported GIF file{}{}", name,
                            why == nullptr ? "" : ": ", why == nullptr ? "" : why),
                "convert it with another program or exclude it");
}

class GifFile {
public:
    GifFile(std::span<const std::uint8_t> bytes, std::string_view name, std::uint64_t max_pixels)
        : rest_(bytes), bytes_(bytes.size()), name_(name), max_pixels_(max_pixels) {
        int code = 0;
        gif_.reset(DGifOpen(this, read, &code));
        if (gif_ == nullptr) {
            fail_gif(name, code);
        }
        check_size(static_cast<std::uint64_t>(gif_->SWidth),
                   static_cast<std::uint64_t>(gif_->SHeight), max_pixels, name);
    }

    [[nodiscard]] ImageSize size() const { return {gif_->SWidth, gif_->SHeight}; }

    /// The screen with the first frame, which need not cover it nor be inside of it.
    Image first_frame() {
        go_to_frame();
        const GifImageDesc& frame = gif_->Image;
        const auto pixels =
            static_cast<std::uint64_t>(frame.Width) * static_cast<std::uint64_t>(frame.Height);
        check_size(static_cast<std::uint64_t>(frame.Width),
                   static_cast<std::uint64_t>(frame.Height), max_pixels_, name_);
        if (pixels / kMostPixelsPerByte > bytes_) {
            fail_gif(name_, D_GIF_ERR_EOF_TOO_SOON);
        }
        const ColorMapObject* colors = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
        if (colors == nullptr) {
            fail_gif(name_, D_GIF_ERR_NO_COLOR_MAP);
        }
        Image image = background();
        std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
        visit_rows_of(frame, [&](int y) {
            require(DGifGetLine(gif_.get(), row.data(), frame.Width) == GIF_OK);
            draw_row(row, frame.Left, frame.Top + y, *colors, image);
        });
        return image;
    }

private:
    struct Close {
        void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
    };

    static int read(GifFileType* gif, GifByteType* out, int size) {
        auto* self = static_cast<GifFile*>(gif->UserData);
        const std::size_t count =
            std::min(self->rest_.size(), static_cast<std::size_t>(std::max(size, 0)));
        if (count > 0) {
            std::memcpy(out, self->rest_.data(), count);
        }
        self->rest_ = self->rest_.subspan(count);
        return static_cast<int>(count);
    }

    void require(bool succeeded) const {
        if (!succeeded) {
            fail_gif(name_, gif_->Error);
        }
    }

    void skip_extension() {
        int function = 0;
        GifByteType* block = nullptr;
        require(DGifGetExtension(gif_.get(), &function, &block) == GIF_OK);
        while (block != nullptr) {
            require(DGifGetExtensionNext(gif_.get(), &block) == GIF_OK);
        }
    }

    void go_to_frame() {
        GifRecordType record = UNDEFINED_RECORD_TYPE;
        while (record != IMAGE_DESC_RECORD_TYPE) {
            require(DGifGetRecordType(gif_.get(), &record) == GIF_OK);
            if (record == EXTENSION_RECORD_TYPE) {
                skip_extension();
            } else if (record == TERMINATE_RECORD_TYPE) {
                throw Error(fmt::format("{}: found a GIF file without an image", name_),
                            "exclude it");
            }
        }
        require(DGifGetImageDesc(gif_.get()) == GIF_OK);
    }

    // The order of the rows in the file.
    template <typename Visit>
    static void visit_rows_of(const GifImageDesc& frame, const Visit& visit) {
        struct Pass {
            int first;
            int step;
        };
        constexpr std::array kInterlaced = {Pass{0, 8}, Pass{4, 8}, Pass{2, 4}, Pass{1, 2}};
        constexpr std::array kInOrder = {Pass{0, 1}};
        const std::span<const Pass> passes =
            frame.Interlace ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kInOrder);
        for (const Pass& pass : passes) {
            for (int y = pass.first; y < frame.Height; y += pass.step) {
                visit(y);
            }
        }
    }

    // Numbers beyond the list of colours are black.
    static GifColorType color_of(const ColorMapObject& colors, int number) {
        return number < colors.ColorCount ? colors.Colors[number] : GifColorType{0, 0, 0};
    }

    [[nodiscard]] Image background() const {
        const GifColorType color = gif_->SColorMap == nullptr
                                       ? GifColorType{0, 0, 0}
                                       : color_of(*gif_->SColorMap, gif_->SBackGroundColor);
        Image image{size(), std::vector<std::uint8_t>(3 * pixel_count(size()))};
        for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
            put(color, image.rgb.data() + i);
        }
        return image;
    }

    static void put(const GifColorType& color, std::uint8_t* rgb) {
        rgb[0] = color.Red;
        rgb[1] = color.Green;
        rgb[2] = color.Blue;
    }

    static void draw_row(std::span<const GifPixelType> row, int left, int y,
                         const ColorMapObject& colors, Image& image) {
        if (y >= image.size.height) {
            return;
        }
        const auto width = static_cast<std::size_t>(image.size.width);
        const std::size_t first = static_cast<std::size_t>(y) * width;
        for (std::size_t i = 0, x = static_cast<std::size_t>(left); i < row.size() && x < width;
             ++i, ++x) {
            put(color_of(colors, row[i]), image.rgb.data() + 3 * (first + x));
        }
    }

    std::span<const std::uint8_t> rest_;
    std::size_t bytes_;
    std::string_view name_;
    std::uint64_t max_pixels_;
    std::unique_ptr<GifFileType, Close> gif_;
};

}  // namespace

StoredForm gif_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    return {GifFile(bytes, name, DecodeOptions{}.max_pixels).size(), 1};
}

StoredImage decode_gif(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    GifFile file(bytes, name, options.max_pixels);
    StoredImage stored;
    stored.whole = file.size();
    stored.image = file.first_frame();
    return stored;
}

}  // namespace embedmask::image
