#include "foreign/untrusted.h"

namespace embedmask::foreign {

std::string shown(std::string_view text) {
    constexpr std::size_t kShown = 80;
    std::string result(text.substr(0, kShown));
    for (char& c : result) {
        if (c < ' ' || c > '~') {
            c = '?';
        }
    }
    return text.size() > kShown ? result + "..." : result;
}

std::uint64_t little_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = (value << 8) | std::to_integer<std::uint64_t>(bytes[at + i]);
    }
    return value;
}

}  // namespace embedmask::foreign
