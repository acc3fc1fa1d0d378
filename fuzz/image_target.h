// Decodes untrusted bytes of one image format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/image_format.h"
#include "image/stored_image.h"

namespace embedmask::fuzz {

/// Rejecting is correct; crashing, leaking or hanging is not.
template <typename Read>
void try_to(const Read& read) {
    try {
        (void)read();
    } catch (const Error&) {
    }
}

/// Reads an image as it is and by the range that its last byte chooses.
inline int decode(const std::uint8_t* data, std::size_t size, image::ImageFormat format) {
    const std::span bytes(data, size);
    if (image::format_of(bytes) != format) {
        return 0;
    }
    DecodeOptions options;
    options.max_pixels = 1'000'000;
    if (const unsigned choice = data[size - 1] % 4U; choice == 1) {
        options.range = SampleRange{-1, 4095};
    } else if (choice == 2) {
        options.range = SampleRange{1, 99, true};
    } else if (choice == 3 && format == image::ImageFormat::tiff) {
        options.page = 1;
    }
    try_to([&] { return decode_image(bytes, "fuzz", options); });
    try_to([&] { return image::read_form(bytes, "fuzz", options.page); });
    return 0;
}

}  // namespace embedmask::fuzz
