// Text files with one thing per line: lists of images, category names, labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace embedmask::detail {

/// The byte order mark of UTF-8.
inline constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

/// A line that is not empty.
struct Line {
    std::size_t number = 0;  ///< from 1; empty lines count
    std::string text;        ///< without its end and without blanks at both ends
};

/// Error if a text begins with the byte order mark of UTF-16. Errors call it `name`.
void require_utf8(std::string_view text, std::string_view name);

/// Reads a text file and drops a UTF-8 byte order mark. Error if it cannot be read, is larger than
/// `max_bytes`, is UTF-16, or is a Git LFS pointer or a web page instead of `expected`.
std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes = 1ULL << 32,
                      std::string_view expected = "a text file");

/// The same for text in memory; errors call it `name`.
std::string without_mark(std::string text, std::string_view name);

/// The lines of a text. A line ends with LF, CR LF, CR, or the text.
std::vector<Line> lines_of(std::string_view text);

}  // namespace embedmask::detail
