// PNG and JPEG files as other programs write them: palettes, few bits, alpha, EXIF orientations.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::testing {

inline void append_number(std::vector<std::uint8_t>& bytes, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(number >> shift));
    }
}

inline void append_chunk(std::vector<std::uint8_t>& png, std::string_view name,
                         const std::vector<std::uint8_t>& content) {
    append_number(png, static_cast<std::uint32_t>(content.size()));
    std::vector<std::uint8_t> checked(name.begin(), name.end());
    checked.insert(checked.end(), content.begin(), content.end());
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::uint8_t byte : checked) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
        }
    }
    png.insert(png.end(), checked.begin(), checked.end());
    append_number(png, ~crc);
}

/// A zlib stream without compression.
inline std::vector<std::uint8_t> stored_zlib(const std::vector<std::uint8_t>& bytes) {
    std::vector<std::uint8_t> stream = {0x78, 0x01};
    std::size_t position = 0;
    do {
        const std::size_t size = std::min<std::size_t>(bytes.size() - position, 65535);
        stream.push_back(position + size == bytes.size() ? 1 : 0);
        for (const std::size_t length : {size, ~size}) {
            stream.push_back(static_cast<std::uint8_t>(length));
            stream.push_back(static_cast<std::uint8_t>(length >> 8U));
        }
        stream.insert(stream.end(), bytes.begin() + static_cast<std::ptrdiff_t>(position),
                      bytes.begin() + static_cast<std::ptrdiff_t>(position + size));
        position += size;
    } while (position < bytes.size());
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (const std::uint8_t byte : bytes) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    append_number(stream, b << 16U | a);
    return stream;
}

/// The colour types of PNG.
enum class PngColor : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgba = 6 };

/// `samples` has one value per channel and pixel, each of `bits` bits. `palette` has R, G, B.
inline std::vector<std::uint8_t> label_png(PngColor color, unsigned bits, ImageSize size,
                                           const std::vector<std::uint16_t>& samples,
                                           const std::vector<std::uint8_t>& palette = {}) {
    std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    std::vector<std::uint8_t> header;
    append_number(header, static_cast<std::uint32_t>(size.width));
    append_number(header, static_cast<std::uint32_t>(size.height));
    header.insert(header.end(),
                  {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(color), 0, 0, 0});
    append_chunk(png, "IHDR", header);
    if (!palette.empty()) {
        append_chunk(png, "PLTE", palette);
    }
    const std::size_t per_row = samples.size() / static_cast<std::size_t>(size.height);
    std::vector<std::uint8_t> rows;
    for (std::size_t i = 0; i < samples.size(); i += per_row) {
        rows.push_back(0);  // no filter
        std::uint32_t packed = 0;
        unsigned count = 0;
        for (std::size_t k = i; k < i + per_row; ++k) {
            packed = packed << bits | samples[k];
            count += bits;
            for (; count >= 8; count -= 8) {
                rows.push_back(static_cast<std::uint8_t>(packed >> (count - 8)));
            }
        }
        if (count > 0) {
            rows.push_back(static_cast<std::uint8_t>(packed << (8 - count)));
        }
    }
    append_chunk(png, "IDAT", stored_zlib(rows));
    append_chunk(png, "IEND", {});
    return png;
}

/// A JPEG file with an EXIF orientation.
inline std::vector<std::uint8_t> turned_jpeg(const Image& stored, int orientation) {
    std::vector<std::uint8_t> file = encode_jpeg(stored);
    std::vector<std::uint8_t> exif = {0xFF,
                                      0xE1,
                                      0,
                                      34,
                                      'E',
                                      'x',
                                      'i',
                                      'f',
                                      0,
                                      0,
                                      'I',
                                      'I',
                                      '*',
                                      0,
                                      8,
                                      0,
                                      0,
                                      0,
                                      1,
                                      0,
                                      0x12,
                                      0x01,
                                      3,
                                      0,
                                      1,
                                      0,
                                      0,
                                      0,
                                      static_cast<std::uint8_t>(orientation),
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0};
    file.insert(file.begin() + 2, exif.begin(), exif.end());
    return file;
}

}  // namespace embedmask::testing
