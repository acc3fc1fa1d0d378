// Fuzzes results files, including uncompressed and compressed run lengths.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "embedmask/error.h"
#include "embedmask/results.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    try {
        for (const auto& result : embedmask::parse_results(json, "fuzz", 1)) {
            const auto& rle = result.segmentation.rle;
            embedmask::validate(rle);
            (void)embedmask::bounding_box(rle);
            (void)embedmask::compress(rle);
        }
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
