// Base64 (RFC 4648), as JSON files embed binary data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace embedmask::detail {

/// Bytes as base64 with padding.
std::string encode_base64(std::span<const std::uint8_t> bytes);

/// The bytes of a text in base64 with padding. Error for other characters, blanks included, and for
/// a text that is cut off.
std::vector<std::uint8_t> decode_base64(std::string_view text);

}  // namespace embedmask::detail
