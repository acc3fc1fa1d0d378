#include "image/png_decoder.h"

#include <fmt/format.h>

#include <cstring>

#include "embedmask/error.h"
#include "image/orientation.h"

namespace embedmask::image {
namespace {

// Maximum compression ratio of deflate (a 258-byte match in two bits).
constexpr std::uint64_t kMaxDeflateRatio = 1032;

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

bool read_png_header(PngDecoder& decoder) {
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

// The chunks of a file in order: name and content. False if the
// file ends before its end marker.
template <typename Visit>
bool visit_chunks(std::span<const std::uint8_t> bytes, const Visit& visit) {
    constexpr std::size_t kSignature = 8;
    constexpr std::size_t kFrame = 12;  // length, name, checksum
    std::size_t position = kSignature;
    while (bytes.size() >= position && bytes.size() - position >= kFrame) {
        const std::uint8_t* chunk = bytes.data() + position;
        const std::size_t length = png_get_uint_32(chunk);
        if (length > bytes.size() - position - kFrame) {
            return false;
        }
        visit(std::string_view(reinterpret_cast<const char*>(chunk + 4), 4),
              bytes.subspan(position + 8, length));
        if (std::memcmp(chunk + 4, "IEND", 4) == 0) {
            return true;
        }
        position += kFrame + length;
    }
    return false;
}

// Whether every chunk up to the end marker is inside the file. libpng allocates some chunks by
// their stated length, up to 2 GB, before it detects that they are missing.
bool chunks_are_complete(std::span<const std::uint8_t> bytes) {
    return visit_chunks(bytes, [](std::string_view, std::span<const std::uint8_t>) {});
}

}  // namespace

ImageSize open_png(PngDecoder& decoder, std::string_view name, std::uint64_t max_pixels) {
    const std::span<const std::uint8_t> bytes = decoder.rest;
    decoder.cut_short = !chunks_are_complete(bytes);
    if (decoder.cut_short || !read_png_header(decoder)) {
        fail_png(decoder, name);
    }
    const png_uint_32 width = png_get_image_width(decoder.png, decoder.info);
    const png_uint_32 height = png_get_image_height(decoder.png, decoder.info);
    check_size(width, height, max_pixels, name);
    const std::uint64_t packed_bytes =
        static_cast<std::uint64_t>(png_get_rowbytes(decoder.png, decoder.info)) * height;
    if (packed_bytes / kMaxDeflateRatio > bytes.size()) {
        decoder.cut_short = true;
        fail_png(decoder, name);
    }
    return {static_cast<int>(width), static_cast<int>(height)};
}

bool read_png_rows(PngDecoder& decoder, std::uint8_t* out, std::size_t row_bytes, int height) {
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

[[noreturn]] void fail_png(const PngDecoder& decoder, std::string_view name) {
    if (decoder.cut_short) {
        throw Error(fmt::format("{}: truncated PNG file", name), "copy or download it again");
    }
    throw Error(fmt::format("{}: damaged or unsupported PNG file: {}", name, decoder.message),
                "convert it with another program or exclude it");
}

int png_orientation(const PngDecoder& decoder) {
    png_uint_32 size = 0;
    png_bytep block = nullptr;
    if (png_get_eXIf_1(decoder.png, decoder.info, &size, &block) == 0) {
        return 1;
    }
    return exif_orientation({block, size});
}

StoredForm png_form(std::span<const std::uint8_t> bytes, std::string_view name) {
    PngDecoder decoder(bytes);
    StoredForm form;
    form.size = open_png(decoder, name, DecodeOptions{}.max_pixels);
    // The chunk may follow the pixels, where libpng would find it only after decoding them.
    visit_chunks(bytes, [&](std::string_view chunk, std::span<const std::uint8_t> content) {
        if (chunk == "eXIf") {
            form.orientation = exif_orientation(content);
        }
    });
    return form;
}

}  // namespace embedmask::image
