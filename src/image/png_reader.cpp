// Reads PNG files with libpng. As with libjpeg, functions that libpng may leave by longjmp have no
// objects with destructors.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "embedmask/error.h"
#include "image/orientation.h"
#include "image/stored_image.h"

namespace embedmask::image {
namespace {

// Maximum compression ratio of deflate (a 258-byte match in two bits).
constexpr std::uint64_t kMaxDeflateRatio = 1032;

struct PngDecoder {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::span<const std::uint8_t> rest;
    std::jmp_buf escape{};
    char message[128] = {};
    bool cut_short = false;

    PngDecoder() = default;
    ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
    PngDecoder(const PngDecoder&) = delete;
    PngDecoder& operator=(const PngDecoder&) = delete;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
    auto* decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::strncpy(decoder->message, text, sizeof(decoder->message) - 1);
    std::longjmp(decoder->escape, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*text*/) {}

void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto* decoder = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (size > decoder->rest.size()) {
        decoder->cut_short = true;
        png_error(png, "end of file");
    }
    std::memcpy(out, decoder->rest.data(), size);
    decoder->rest = decoder->rest.subspan(size);
}

bool read_header(PngDecoder& decoder) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, on_warning);
    if (decoder.png == nullptr) {
        return false;
    }
    decoder.info = png_create_info_struct(decoder.png);
    if (decoder.info == nullptr) {
        return false;
    }
    png_structp png = decoder.png;
    png_set_read_fn(png, &decoder, on_read);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Compressed texts and profiles are not needed and would be unpacked needlessly.
    constexpr png_byte kSkipped[] = "iCCP\0tEXt\0zTXt\0iTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kSkipped, 4);
    png_read_info(png, decoder.info);
    return true;
}

// Converts everything to 8-bit RGB. Transparency is dropped, never blended.
bool choose_output(PngDecoder& decoder) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    png_structp png = decoder.png;
    const png_byte color = png_get_color_type(png, decoder.info);
    if (color == PNG_COLOR_TYPE_PALETTE) {
        png_set_palette_to_rgb(png);
    }
    if ((color & PNG_COLOR_MASK_COLOR) == 0) {
        png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
    }
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder.info);
    return true;
}

bool read_rows(PngDecoder& decoder, std::uint8_t* out, std::size_t row_bytes, int height) {
    if (setjmp(decoder.escape) != 0) {
        return false;
    }
    const bool interlaced = png_get_interlace_type(decoder.png, decoder.info) != PNG_INTERLACE_NONE;
    const int passes = interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1;
    for (int pass = 0; pass < passes; ++pass) {
        for (int y = 0; y < height; ++y) {
            png_read_row(decoder.png, out + static_cast<std::size_t>(y) * row_bytes, nullptr);
        }
    }
    // The checksum of the pixels and an EXIF chunk may follow them.
    png_read_end(decoder.png, decoder.info);
    return true;
}

// Whether every chunk up to the end marker is inside the file. libpng allocates some chunks by
// their stated length, up to 2 GB, before it detects that they are missing.
bool chunks_are_complete(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kSignature = 8;
    constexpr std::size_t kFrame = 12;  // length, name, checksum
    std::size_t position = kSignature;
    while (bytes.size() - position >= kFrame) {
        const std::uint8_t* chunk = bytes.data() + position;
        const std::size_t length = png_get_uint_32(chunk);
        if (length > bytes.size() - position - kFrame) {
            return false;
        }
        if (std::memcmp(chunk + 4, "IEND", 4) == 0) {
            return true;
        }
        position += kFrame + length;
    }
    return false;
}

[[noreturn]] void fail(const PngDecoder& decoder, std::string_view name) {
    if (decoder.cut_short) {
        throw Error(fmt::format("{}: truncated PNG file", name), "copy or download it again");
    }
    throw Error(fmt::format("{}: damaged or unsupported PNG file: {}", name, decoder.message),
                "convert it with another program or exclude it");
}

int orientation_of(const PngDecoder& decoder) {
    png_uint_32 size = 0;
    png_bytep block = nullptr;
    if (png_get_eXIf_1(decoder.png, decoder.info, &size, &block) == 0) {
        return 1;
    }
    return exif_orientation({block, size});
}

}  // namespace

StoredImage decode_png(std::span<const std::uint8_t> bytes, std::string_view name,
                       const DecodeOptions& options) {
    PngDecoder decoder;
    decoder.rest = bytes;
    decoder.cut_short = !chunks_are_complete(bytes);
    if (decoder.cut_short) {
        fail(decoder, name);
    }
    if (!read_header(decoder)) {
        fail(decoder, name);
    }
    const png_uint_32 width = png_get_image_width(decoder.png, decoder.info);
    const png_uint_32 height = png_get_image_height(decoder.png, decoder.info);
    check_size(width, height, options.max_pixels, name);
    const std::uint64_t packed_bytes =
        static_cast<std::uint64_t>(png_get_rowbytes(decoder.png, decoder.info)) * height;
    if (packed_bytes / kMaxDeflateRatio > bytes.size()) {
        decoder.cut_short = true;
        fail(decoder, name);
    }
    if (!choose_output(decoder)) {
        fail(decoder, name);
    }

    StoredImage stored;
    stored.image.size = {static_cast<int>(width), static_cast<int>(height)};
    stored.whole = stored.image.size;
    stored.image.rgb.resize(3UL * width * height);
    if (!read_rows(decoder, stored.image.rgb.data(), 3UL * width, stored.image.size.height)) {
        fail(decoder, name);
    }
    stored.orientation = orientation_of(decoder);
    return stored;
}

}  // namespace embedmask::image
