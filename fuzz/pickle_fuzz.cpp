// Fuzzes the pickle machine and, with the same bytes, the directory of a zip archive.
#include <cstddef>
#include <cstdint>
#include <span>

#include "embedmask/error.h"
#include "foreign/pickle.h"
#include "foreign/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const auto tree = embedmask::pickle::parse(bytes, "fuzz");
        for (embedmask::pickle::Id id = 0; id < tree.values.size(); ++id) {
            (void)tree.entries(id);
        }
    } catch (const embedmask::Error&) {
    }
    try {
        std::size_t sum = 0;
        for (const auto& [name, member] : embedmask::foreign::read_zip(bytes, "fuzz")) {
            for (const std::byte byte : member) {
                sum += std::to_integer<std::size_t>(byte);
            }
        }
        return sum == SIZE_MAX ? 1 : 0;
    } catch (const embedmask::Error&) {
        return 0;
    }
}
