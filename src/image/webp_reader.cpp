// Reads WebP files with libwebp: images, and the first frame of animations.
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "embedmask/error.h"
#include "image/orientation.h"
#include "image/stored_image.h"
#include "image/view.h"

namespace embedmask::image {
namespace {

[[noreturn]] void fail_webp(std::string_view name, bool cut_short) {
    if (cut_short) {
        throw Error(fmt::format("{}: truncated WebP file", name), "copy or download it again");
    }
    throw Error(fmt::format("{}: damaged or unsupported WebP file", name),
                "convert it with another program or exclude it");
}

class WebpFile {
public:
    WebpFile(std::span<const std::uint8_t> bytes, std::string_view name, std::uint64_t max_pixels)
        : name_(name) {
        check_header(bytes, max_pixels);
        const WebPData data{bytes.data(), bytes.size()};
        WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
        demuxer_.reset(WebPDemuxPartial(&data, &state));
        if (demuxer_ == nullptr || state != WEBP_DEMUX_DONE) {
            fail_webp(name, state >= 0);
        }
        const std::uint32_t width = WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_WIDTH);
        const std::uint32_t height = WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_HEIGHT);
        check_size(width, height, max_pixels, name);
        form_.size = {static_cast<int>(width), static_cast<int>(height)};
        form_.orientation = orientation();
    }

    [[nodiscard]] const StoredForm& form() const { return form_; }

    /// The first frame, on black where it does not cover the image.
    [[nodiscard]] Image first_frame() const {
        WebPIterator frame{};
        const bool found = WebPDemuxGetFrame(demuxer_.get(), 1, &frame) != 0;
        const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> release(
            &frame, WebPDemuxReleaseIterator);
        if (!found || frame.complete == 0 || frame.x_offset < 0 || frame.y_offset < 0 ||
            frame.width > form_.size.width - frame.x_offset ||
            frame.height > form_.size.height - frame.y_offset) {
            fail_webp(name_, false);
        }
        Image image{form_.size, std::vector<std::uint8_t>(3 * pixel_count(form_.size))};
        decode(frame, image);
        return image;
    }

private:
    // The sizes that the first chunk states, before libwebp looks further.
    void check_header(std::span<const std::uint8_t> bytes, std::uint64_t max_pixels) const {
        WebPBitstreamFeatures features;
        const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
        if (status != VP8_STATUS_OK) {
            fail_webp(name_, status == VP8_STATUS_NOT_ENOUGH_DATA);
        }
        check_size(static_cast<std::uint64_t>(features.width),
                   static_cast<std::uint64_t>(features.height), max_pixels, name_);
    }

    [[nodiscard]] int orientation() const {
        WebPChunkIterator chunk{};
        int orientation = 1;
        if (WebPDemuxGetChunk(demuxer_.get(), "EXIF", 1, &chunk) != 0) {
            std::span<const std::uint8_t> block(chunk.chunk.bytes, chunk.chunk.size);
            // Some programs keep the mark that EXIF has in JPEG.
            constexpr std::string_view kMark("Exif\0\0", 6);
            if (as_text(block).starts_with(kMark)) {
                block = block.subspan(kMark.size());
            }
            orientation = exif_orientation(block);
        }
        WebPDemuxReleaseChunkIterator(&chunk);
        return orientation;
    }

    void decode(const WebPIterator& frame, Image& image) const {
        WebPDecoderConfig config;
        WebPInitDecoderConfig(&config);
        const auto width = static_cast<std::size_t>(image.size.width);
        const std::size_t first = static_cast<std::size_t>(frame.y_offset) * width +
                                  static_cast<std::size_t>(frame.x_offset);
        if (WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &config.input) !=
                VP8_STATUS_OK ||
            config.input.width != frame.width || config.input.height != frame.height) {
            fail_webp(name_, false);
        }
        config.output.colorspace = MODE_RGB;
        config.output.is_external_memory = 1;
        config.output.u.RGBA = {image.rgb.data() + 3 * first, static_cast<int>(3 * width),
                                image.rgb.size() - 3 * first};
        const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
        if (status != VP8_STATUS_OK) {
            fail_webp(name_,
                      status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED);
        }
    }

    struct Delete {
        void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
    };

    std::string_view name_;
    std::unique_ptr<WebPDemuxer, Delete> demuxer_;
    StoredForm form_;
};

}  // namespace

StoredForm webp_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    return WebpFile(bytes, name, DecodeOptions{}.max_pixels).form();
}

StoredImage decode_webp(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options) {
    const WebpFile file(bytes, name, options.max_pixels);
    StoredImage stored;
    stored.whole = file.form().size;
    stored.orientation = file.form().orientation;
    stored.image = file.first_frame();
    return stored;
}

}  // namespace embedmask::image
