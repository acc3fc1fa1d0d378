#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace embedmask::detail {
namespace {

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string csv_field(std::string_view text) {
    return text.find_first_of(",\"\r\n") == std::string_view::npos ? std::string(text)
                                                                   : csv_quoted(text);
}

std::string csv_quoted(std::string_view text) {
    std::string result(1, '"');
    for (const char c : text) {
        result.append(c == '"' ? 2 : 1, c);
    }
    return result + '"';
}

std::size_t utf8_size(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    const auto first = static_cast<unsigned char>(text[0]);
    std::size_t size = 0;
    std::uint32_t least = 0;
    std::uint32_t code = 0;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first < 0xE0) {
        size = 2;
        least = 0x80;
        code = first & 0x1FU;
    } else if (first >= 0xE0 && first < 0xF0) {
        size = 3;
        least = 0x800;
        code = first & 0x0FU;
    } else if (first >= 0xF0 && first < 0xF5) {
        size = 4;
        least = 0x10000;
        code = first & 0x07U;
    }
    if (size == 0 || text.size() < size ||
        !std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(size),
                     continues)) {
        return 0;
    }
    for (std::size_t i = 1; i < size; ++i) {
        code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    const bool is_surrogate = code >= 0xD800 && code < 0xE000;
    return code < least || code > 0x10FFFF || is_surrogate ? 0 : size;
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) {
    std::size_t size = std::min(text.size(), most);
    const std::size_t least = size - std::min<std::size_t>(size, 3);
    while (size > least && size < text.size() && continues(text[size])) {
        --size;
    }
    return text.substr(0, size);
}

}  // namespace embedmask::detail
