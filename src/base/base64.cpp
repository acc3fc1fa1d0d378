#include "base/base64.h"

#include <fmt/format.h>

#include <algorithm>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve(bytes.size() * 4 / 3 + 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
        if (left > 1) {
            group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
        }
        if (left > 2) {
            group |= bytes[i + 2];
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text.push_back(j <= left ? kDigits[group >> (18 - 6 * j) & 63] : '=');
        }
    }
    return text;
}

std::vector<std::uint8_t> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        throw Error(
            fmt::format("found {} characters of base64: expected a multiple of 4", text.size()));
    }
    std::size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    std::vector<std::uint8_t> bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t digit = kDigits.find(text[i]);
        if (digit == std::string_view::npos) {
            throw Error(fmt::format("character {}: found byte {:#04x}: expected base64", i,
                                    static_cast<unsigned char>(text[i])));
        }
        bits = bits << 6U | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    return bytes;
}

}  // namespace embedmask::detail
