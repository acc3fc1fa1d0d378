// Reads JPEG files with libjpeg.
//
// libjpeg leaves a failed call by longjmp, which runs no destructors. So every function that calls
// into it has only trivial local variables, and all owners of memory are in decode_jpeg, outside
// all jumps.
#include <fmt/format.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <jerror.h>
#include <jpeglib.h>

#include "embedmask/error.h"
#include "image/cmyk.h"
#include "image/orientation.h"
#include "image/stored_image.h"

namespace embedmask::image {
namespace {

// A progressive file may repeat scans over all pixels at no cost in bytes; real files have about
// ten.
constexpr int kMaxScans = 100;

struct JpegDecoder {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf escape{};
    char message[JMSG_LENGTH_MAX] = {};
    bool cut_short = false;

    JpegDecoder();
    ~JpegDecoder() { jpeg_destroy_decompress(&jpeg); }
    JpegDecoder(const JpegDecoder&) = delete;
    JpegDecoder& operator=(const JpegDecoder&) = delete;
};

[[noreturn]] void leave(j_common_ptr jpeg) {
    auto* decoder = static_cast<JpegDecoder*>(jpeg->client_data);
    std::longjmp(decoder->escape, 1);
}

[[noreturn]] void on_error(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, static_cast<JpegDecoder*>(jpeg->client_data)->message);
    leave(jpeg);
}

// libjpeg continues after damage and fills in grey. Warnings about lost or invented pixels reject
// the file; others, e.g. stray bytes between segments, are harmless.
void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) {
        return;
    }
    ++jpeg->err->num_warnings;
    switch (jpeg->err->msg_code) {
        case JWRN_JPEG_EOF:
            static_cast<JpegDecoder*>(jpeg->client_data)->cut_short = true;
            leave(jpeg);
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_MUST_RESYNC:
            on_error(jpeg);
        default:
            break;
    }
}

void on_progress(j_common_ptr jpeg) {
    auto* decoder = static_cast<JpegDecoder*>(jpeg->client_data);
    if (decoder->jpeg.input_scan_number <= kMaxScans) {
        return;
    }
    constexpr char kText[] = "more than 100 scans";
    std::memcpy(decoder->message, kText, sizeof(kText));
    leave(jpeg);
}

JpegDecoder::JpegDecoder() {
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    errors.emit_message = on_message;
    jpeg.client_data = this;
    progress.progress_monitor = on_progress;
}

bool read_header(JpegDecoder& decoder, const std::uint8_t* bytes, std::size_t size) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    jpeg_create_decompress(&decoder.jpeg);
    decoder.jpeg.progress = &decoder.progress;
    jpeg_mem_src(&decoder.jpeg, bytes, size);
    jpeg_save_markers(&decoder.jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&decoder.jpeg, TRUE);
    return true;
}

// Decodes to `out` with `row_bytes` per row.
bool read_rows(JpegDecoder& decoder, std::uint8_t* out, std::size_t row_bytes) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    jpeg_start_decompress(&decoder.jpeg);
    while (decoder.jpeg.output_scanline < decoder.jpeg.output_height) {
        JSAMPROW row = out + decoder.jpeg.output_scanline * row_bytes;
        jpeg_read_scanlines(&decoder.jpeg, &row, 1);
    }
    jpeg_finish_decompress(&decoder.jpeg);
    return true;
}

[[noreturn]] void fail(const JpegDecoder& decoder, std::string_view name) {
    if (decoder.cut_short) {
        throw Error(fmt::format("{}: truncated JPEG file", name), "copy or download it again");
    }
    throw Error(fmt::format("{}: damaged or unsupported JPEG file: {}", name, decoder.message),
                "convert it with another program or exclude it");
}

// Output of libjpeg's colour conversion: RGB, or CMYK to be converted to RGB here.
void choose_output(jpeg_decompress_struct& jpeg, std::string_view name) {
    switch (jpeg.jpeg_color_space) {
        case JCS_GRAYSCALE:
        case JCS_RGB:
        case JCS_YCbCr:
            jpeg.out_color_space = JCS_RGB;
            return;
        case JCS_CMYK:
        case JCS_YCCK:
            jpeg.out_color_space = JCS_CMYK;
            return;
        default:
            throw Error(fmt::format("{}: JPEG file with {} channels, expected 1, 3 or 4", name,
                                    jpeg.num_components),
                        "convert it to RGB");
    }
}

// Huffman codes have at least one bit and every block at least one code, so a header that states
// more blocks than the file has bits is invalid and rejected before any allocation.
bool header_exceeds_file(const jpeg_decompress_struct& jpeg, std::size_t file_bytes) {
    if (jpeg.arith_code != FALSE) {
        return false;
    }
    std::uint64_t blocks = 0;
    for (int i = 0; i < jpeg.num_components; ++i) {
        const auto& component = jpeg.comp_info[i];
        const auto across = [&](JDIMENSION pixels, int factor, int max_factor) {
            const std::uint64_t unit = 8ULL * max_factor;
            return (static_cast<std::uint64_t>(pixels) * factor + unit - 1) / unit;
        };
        blocks += across(jpeg.image_width, component.h_samp_factor, jpeg.max_h_samp_factor) *
                  across(jpeg.image_height, component.v_samp_factor, jpeg.max_v_samp_factor);
    }
    return blocks > 8ULL * file_bytes;
}

int orientation_of(const jpeg_decompress_struct& jpeg) {
    constexpr std::size_t kSignature = 6;
    for (const auto* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
        if (marker->data_length > kSignature && std::memcmp(marker->data, "Exif\0\0", 6) == 0) {
            return exif_orientation({marker->data + kSignature, marker->data_length - kSignature});
        }
    }
    return 1;
}

// Converts one row of Adobe CMYK, whose four values are stored inverted: 0 is full ink.
void cmyk_row_to_rgb(const std::uint8_t* cmyk, int width, std::uint8_t* rgb) {
    for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
        cmyk_to_rgb(cmyk, rgb);
    }
}

}  // namespace

unsigned shrinking(ImageSize whole, int short_side) {
    unsigned divisor = 1;
    if (short_side <= 0) {
        return divisor;
    }
    const int side = std::min(whole.width, whole.height);
    while (divisor < 8 && side / static_cast<int>(2 * divisor) >= short_side) {
        divisor *= 2;
    }
    return divisor;
}

StoredForm jpeg_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    JpegDecoder decoder;
    if (!read_header(decoder, bytes.data(), bytes.size())) {
        fail(decoder, name);
    }
    return {
        {static_cast<int>(decoder.jpeg.image_width), static_cast<int>(decoder.jpeg.image_height)},
        orientation_of(decoder.jpeg)};
}

StoredImage decode_jpeg(std::span<const std::uint8_t> bytes, std::string_view name,
                        const DecodeOptions& options) {
    JpegDecoder decoder;
    if (!read_header(decoder, bytes.data(), bytes.size())) {
        fail(decoder, name);
    }
    auto& jpeg = decoder.jpeg;
    check_size(jpeg.image_width, jpeg.image_height, options.max_pixels, name);
    choose_output(jpeg, name);
    if (header_exceeds_file(jpeg, bytes.size())) {
        decoder.cut_short = true;
        fail(decoder, name);
    }

    StoredImage stored;
    stored.orientation = orientation_of(jpeg);
    stored.whole = {static_cast<int>(jpeg.image_width), static_cast<int>(jpeg.image_height)};
    const unsigned divisor = shrinking(stored.whole, options.shrink_to_short_side);
    jpeg.scale_denom = divisor;
    const std::size_t width = (jpeg.image_width + divisor - 1) / divisor;
    const std::size_t height = (jpeg.image_height + divisor - 1) / divisor;
    stored.image.size = {static_cast<int>(width), static_cast<int>(height)};
    const std::size_t pixels = width * height;
    if (jpeg.out_color_space == JCS_RGB) {
        stored.image.rgb.resize(3 * pixels);
        if (!read_rows(decoder, stored.image.rgb.data(), 3 * width)) {
            fail(decoder, name);
        }
        return stored;
    }
    std::vector<std::uint8_t> cmyk(4 * pixels);
    if (!read_rows(decoder, cmyk.data(), 4 * width)) {
        fail(decoder, name);
    }
    stored.image.rgb.resize(3 * pixels);
    for (std::size_t y = 0; y < height; ++y) {
        cmyk_row_to_rgb(cmyk.data() + 4 * y * width, stored.image.size.width,
                        stored.image.rgb.data() + 3 * y * width);
    }
    return stored;
}

}  // namespace embedmask::image
