// Small operations on text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace embedmask::detail {

/// The part of the text without blanks, tabs and line ends at both ends.
inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// "1 image", "6 images".
std::string counted(std::size_t count, std::string_view noun);

/// A field of a CSV file (RFC 4180): in quotation marks if it needs them, or always.
std::string csv_field(std::string_view text);
std::string csv_quoted(std::string_view text);

/// The number of bytes of the UTF-8 character at the beginning, or 0 if there is none.
std::size_t utf8_size(std::string_view text);

/// The longest beginning of at most `most` bytes that does not end inside of a character, which has
/// up to 4 bytes. Text need not be UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

}  // namespace embedmask::detail
