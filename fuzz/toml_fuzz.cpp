// Fuzzes the configuration text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "embedmask/config.h"
#include "embedmask/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        const embedmask::Config config = embedmask::parse_config(text, "fuzz");
        // Whatever parses can be written and read back.
        if (!(embedmask::parse_config(embedmask::to_toml(config), "again") == config)) {
            __builtin_trap();
        }
    } catch (const embedmask::Error&) {
        return 0;
    }
    return 0;
}
