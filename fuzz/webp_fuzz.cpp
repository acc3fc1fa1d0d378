// Fuzzes the decoding of untrusted WebP files.
#include "image_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return embedmask::fuzz::decode(data, size, embedmask::image::ImageFormat::webp);
}
