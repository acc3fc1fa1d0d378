// Fuzzes compressed run lengths: any bytes either throw Error or give a mask that survives a round
// trip.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "embedmask/error.h"
#include "embedmask/rle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const int height = data[0];
    const int width = data[1];
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    try {
        const embedmask::Rle rle = embedmask::decompress(text, height, width);
        embedmask::validate(rle);
        if (embedmask::decompress(embedmask::compress(rle), height, width) != rle) {
            std::abort();
        }
        if (embedmask::area(embedmask::encode_columns(embedmask::decode_columns(rle), height,
                                                      width)) != embedmask::area(rle)) {
            std::abort();
        }
        (void)embedmask::bounding_box(rle);
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
