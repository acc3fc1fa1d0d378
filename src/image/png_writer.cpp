// Writes PNG files with libpng; see jpeg_reader.cpp about longjmp.
#include <fmt/format.h>
#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstring>

#include "base/atomic_file.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/view.h"

namespace embedmask {
namespace {

// Level 3 takes a third of the default's time for files a few percent larger.
constexpr int kCompressionLevel = 3;

struct PngEncoder {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf escape{};
    char message[128] = {};
    std::span<std::uint8_t> out;
    std::size_t used = 0;

    PngEncoder() = default;
    ~PngEncoder() { png_destroy_write_struct(&png, &info); }
    PngEncoder(const PngEncoder&) = delete;
    PngEncoder& operator=(const PngEncoder&) = delete;
};

struct Rows {
    const std::uint8_t* first;
    std::size_t bytes;
    ImageSize size;
    int depth;
    int color;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
    auto* encoder = static_cast<PngEncoder*>(png_get_error_ptr(png));
    std::strncpy(encoder->message, text, sizeof(encoder->message) - 1);
    std::longjmp(encoder->escape, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*text*/) {}

void on_write(png_structp png, png_bytep bytes, std::size_t size) {
    auto* encoder = static_cast<PngEncoder*>(png_get_io_ptr(png));
    if (size > encoder->out.size() - encoder->used) {
        png_error(png, "the encoded file exceeds its expected maximum size");
    }
    std::memcpy(encoder->out.data() + encoder->used, bytes, size);
    encoder->used += size;
}

void on_flush(png_structp /*png*/) {}

bool encode(PngEncoder& encoder, const Rows& rows) {
    if (setjmp(encoder.escape) != 0) {
        return false;
    }
    encoder.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoder, on_error, on_warning);
    if (encoder.png == nullptr) {
        return false;
    }
    encoder.info = png_create_info_struct(encoder.png);
    if (encoder.info == nullptr) {
        return false;
    }
    png_structp png = encoder.png;
    png_set_write_fn(png, &encoder, on_write, on_flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, kCompressionLevel);
    png_set_IHDR(png, encoder.info, static_cast<png_uint_32>(rows.size.width),
                 static_cast<png_uint_32>(rows.size.height), rows.depth, rows.color,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, encoder.info);
    if (rows.depth == 16 && std::endian::native == std::endian::little) {
        png_set_swap(png);
    }
    for (int y = 0; y < rows.size.height; ++y) {
        png_write_row(png, rows.first + static_cast<std::size_t>(y) * rows.bytes);
    }
    png_write_end(png, encoder.info);
    return true;
}

std::vector<std::uint8_t> encode(const Rows& rows) {
    // Incompressible data grows by a few bytes per block of 8 KiB; filters add one byte per row.
    const std::size_t raw = (rows.bytes + 1) * static_cast<std::size_t>(rows.size.height);
    std::vector<std::uint8_t> bytes(raw + raw / 64 + 4096);
    PngEncoder encoder;
    encoder.out = bytes;
    if (!encode(encoder, rows)) {
        throw Error(fmt::format("cannot encode a PNG file: {}", encoder.message));
    }
    bytes.resize(encoder.used);
    return bytes;
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
    image::check_valid(image);
    return encode({image.rgb.data(), 3 * static_cast<std::size_t>(image.size.width), image.size, 8,
                   PNG_COLOR_TYPE_RGB});
}

std::vector<std::uint8_t> encode_png(std::span<const std::uint16_t> gray, ImageSize size) {
    if (size.width <= 0 || size.height <= 0 || gray.size() != image::pixel_count(size)) {
        throw Error(fmt::format("an image of {}x{} pixels has {} values, expected one per pixel",
                                size.width, size.height, gray.size()));
    }
    return encode({reinterpret_cast<const std::uint8_t*>(gray.data()),
                   2 * static_cast<std::size_t>(size.width), size, 16, PNG_COLOR_TYPE_GRAY});
}

void write_png(const std::filesystem::path& path, const Image& image) {
    detail::write_file_atomically(path, image::as_text(encode_png(image)));
}

void write_png(const std::filesystem::path& path, std::span<const std::uint16_t> gray,
               ImageSize size) {
    detail::write_file_atomically(path, image::as_text(encode_png(gray, size)));
}

}  // namespace embedmask
