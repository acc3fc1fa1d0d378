// Writes JPEG files with libjpeg; see jpeg_reader.cpp about longjmp.
#include <fmt/format.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "base/atomic_file.h"
#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/view.h"

namespace embedmask {
namespace {

struct JpegEncoder {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    std::jmp_buf escape{};
    char message[JMSG_LENGTH_MAX] = {};
    unsigned char* bytes = nullptr;
    unsigned long size = 0;

    JpegEncoder();
    ~JpegEncoder() {
        jpeg_destroy_compress(&jpeg);
        std::free(bytes);
    }
    JpegEncoder(const JpegEncoder&) = delete;
    JpegEncoder& operator=(const JpegEncoder&) = delete;
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
    auto* encoder = static_cast<JpegEncoder*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, encoder->message);
    std::longjmp(encoder->escape, 1);
}

JpegEncoder::JpegEncoder() {
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    jpeg.client_data = this;
}

bool encode(JpegEncoder& encoder, const std::uint8_t* rgb, ImageSize size, int quality) {
    if (setjmp(encoder.escape) != 0) {
        return false;
    }
    auto& jpeg = encoder.jpeg;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &encoder.bytes, &encoder.size);
    jpeg.image_width = static_cast<JDIMENSION>(size.width);
    jpeg.image_height = static_cast<JDIMENSION>(size.height);
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    // Chroma subsampling blurs the thin coloured lines of an overlay.
    if (quality >= 90) {
        jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(&jpeg, TRUE);
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(size.width);
    while (jpeg.next_scanline < jpeg.image_height) {
        // libjpeg's interface is not const-correct; the row is only read.
        JSAMPROW row = const_cast<JSAMPROW>(rgb + jpeg.next_scanline * row_bytes);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    return true;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
    image::check_valid(image);
    if (image.size.width > JPEG_MAX_DIMENSION || image.size.height > JPEG_MAX_DIMENSION) {
        throw Error(fmt::format("a JPEG file is limited to {} pixels per side, the image is {}x{}",
                                JPEG_MAX_DIMENSION, image.size.width, image.size.height),
                    "write a PNG file instead");
    }
    if (quality < 1 || quality > 100) {
        throw Error(fmt::format("JPEG quality {}, expected 1..100", quality));
    }
    JpegEncoder encoder;
    if (!encode(encoder, image.rgb.data(), image.size, quality)) {
        throw Error(fmt::format("cannot encode a JPEG file: {}", encoder.message));
    }
    return {encoder.bytes, encoder.bytes + encoder.size};
}

void write_jpeg(const std::filesystem::path& path, const Image& image, int quality) {
    const auto bytes = encode_jpeg(image, quality);
    detail::write_file_atomically(path, image::as_text(bytes));
}

}  // namespace embedmask
