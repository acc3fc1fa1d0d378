// Fuzzes the decoding of untrusted JPEG and PNG files, as images and as labels.
#include <cstddef>
#include <cstdint>
#include <span>

#include "embedmask/image.h"
#include "image/label_image.h"
#include "image/stored_image.h"
#include "image_target.h"

using embedmask::fuzz::try_to;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t kMostPixels = 1'000'000;
    const std::span bytes(data, size);
    try_to([&] { return embedmask::decode_image(bytes, "fuzz", {.max_pixels = kMostPixels}); });
    try_to([&] { return embedmask::image::decode_label_image(bytes, "fuzz", kMostPixels); });
    try_to([&] { return embedmask::image::read_form(bytes, "fuzz"); });
    return 0;
}
