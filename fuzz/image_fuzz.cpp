// The front end that untrusted JPEG and PNG files meet.
#include <cstddef>
#include <cstdint>

#include "embedmask/error.h"
#include "embedmask/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        (void)embedmask::decode_image({data, size}, "fuzz", {.max_pixels = 1'000'000});
    } catch (const embedmask::Error&) {
        // Refusing is right; crashing, leaking or hanging is not.
    }
    return 0;
}
