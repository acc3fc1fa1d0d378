#include "size_option.h"

#include <fmt/format.h>

#include <charconv>

#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

constexpr std::int64_t kLargest = 16384;

bool parse_side(std::string_view text, std::int64_t* side) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *side);
    return error == std::errc{} && end == text.data() + text.size() && *side >= 32 &&
           *side <= kLargest && *side % 32 == 0;
}

}  // namespace

std::pair<std::int64_t, std::int64_t> parse_size(const std::string& text) {
    const std::size_t x = text.find('x');
    std::int64_t height = 0;
    std::int64_t width = 0;
    if (x == std::string::npos || !parse_side(std::string_view(text).substr(0, x), &height) ||
        !parse_side(std::string_view(text).substr(x + 1), &width)) {
        throw Error(fmt::format("--size {}: expected HEIGHTxWIDTH, both multiples of 32 up to {}",
                                text, kLargest),
                    "for example --size 800x1088");
    }
    return {height, width};
}

}  // namespace embedmask::cli
