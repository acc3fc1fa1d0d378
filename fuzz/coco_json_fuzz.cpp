// Fuzzes annotation files: any bytes either throw Error or give a dataset whose masks can be
// created.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "embedmask/dataset.h"
#include "embedmask/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    try {
        const auto dataset = embedmask::parse_dataset(json, "fuzz", {.threads = 1});
        for (const auto& annotation : dataset.annotations) {
            (void)embedmask::area(embedmask::to_mask(annotation.segmentation, 64, 48));
        }
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
