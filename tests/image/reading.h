// Reading images from memory, for the tests of the formats.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "embedmask/error.h"
#include "embedmask/image.h"
#include "image/stored_image.h"

namespace embedmask::testing {

using Bytes = std::vector<std::uint8_t>;

/// What is wrong with an image, and the remedy.
inline std::string reading_error(const Bytes& bytes, const DecodeOptions& options = {}) {
    try {
        (void)decode_image(bytes, "image", options);
    } catch (const Error& error) {
        return error.what() + std::string(" | ") + error.fix();
    }
    ADD_FAILURE() << "expected an Error";
    return {};
}

inline void expect_error(const Bytes& bytes, const std::string& part,
                         const DecodeOptions& options = {}) {
    const std::string text = reading_error(bytes, options);
    EXPECT_TRUE(text.starts_with("image: ")) << text;
    EXPECT_NE(text.find(part), std::string::npos) << "got: " << text << "\nexpected: " << part;
}

/// Reads every beginning of a file: nothing but an Error may come of it. Those up to `broken` bytes
/// are all errors.
inline void expect_cuts_are_errors(const Bytes& file, std::size_t broken) {
    for (std::size_t size = 0; size < file.size(); ++size) {
        const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
        try {
            (void)decode_image(cut, "image");
            EXPECT_GT(size, broken) << "cut to " << size << " of " << file.size() << " bytes";
        } catch (const Error& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with("image: ")) << error.what();
        }
    }
}

/// Changes every byte in turn: nothing but an Error or an image may come of it.
inline void expect_changes_are_harmless(const Bytes& file) {
    std::size_t read = 0;
    for (std::size_t i = 0; i < file.size(); ++i) {
        for (const int change : {0x01, 0x80, 0xFF}) {
            Bytes changed = file;
            changed[i] = static_cast<std::uint8_t>(changed[i] ^ change);
            try {
                const Image image = decode_image(changed, "image", {.max_pixels = 100'000});
                EXPECT_EQ(image.rgb.size(), 3UL * image.size.width * image.size.height);
                ++read;
            } catch (const Error&) {
            }
        }
    }
    // Of some bytes, such as a date or a colour, nothing depends.
    EXPECT_LT(read, 3 * file.size());
}

/// R,G,B of a pixel as 0xRRGGBB.
inline unsigned pixel(const Image& image, int x, int y) {
    const std::size_t at = 3 * (static_cast<std::size_t>(y) * image.size.width + x);
    return static_cast<unsigned>(image.rgb[at] << 16 | image.rgb[at + 1] << 8 | image.rgb[at + 2]);
}

}  // namespace embedmask::testing
