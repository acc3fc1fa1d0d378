// Fuzzes the decoding of untrusted JPEG and PNG files.
#include <cstddef>
#include <cstdint>

#include "embedmask/error.h"
#include "embedmask/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        (void)embedmask::decode_image({data, size}, "fuzz", {.max_pixels = 1'000'000});
    } catch (const embedmask::Error&) {
        // Rejecting is correct; crashing, leaking or hanging is not.
    }
    return 0;
}
