// Fuzzes weights of other programs: pickles, torch files in both containers, zip archives, names.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "embedmask/error.h"
#include "foreign/generation.h"
#include "foreign/weights_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto weights = embedmask::foreign::parse_foreign_weights(
            std::as_bytes(std::span(data, size)), "fuzz", nullptr);
        for (const auto& [name, tensor] : weights.tensors) {
            (void)embedmask::is_finite(tensor);  // touches every byte
        }
        (void)embedmask::foreign::describe(embedmask::foreign::recognize_generation(weights));
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
