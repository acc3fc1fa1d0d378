// Fuzzes the container of model files.
#include <cstddef>
#include <cstdint>
#include <span>

#include "embedmask/error.h"
#include "tensor/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto contents = embedmask::detail::parse_safetensors(
            std::as_bytes(std::span(data, size)), "fuzz", nullptr);
        for (const auto& [name, tensor] : contents.tensors) {
            (void)embedmask::is_finite(tensor);  // touches every byte
        }
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
