#include "base/paged_path.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "base/paths.h"

namespace embedmask::detail {

PagedPath paged_path(const std::filesystem::path& path) {
    const std::string& text = path.native();
    const std::size_t bracket = text.rfind('[');
    if (!text.ends_with(']') || bracket == std::string::npos || bracket == 0) {
        return {path, std::nullopt};
    }
    const std::string_view digits(text.data() + bracket + 1, text.size() - bracket - 2);
    const bool number = !digits.empty() && std::ranges::all_of(digits, [](char digit) {
        return digit >= '0' && digit <= '9';
    });
    std::filesystem::path file = text.substr(0, bracket);
    if (!number || path_exists(path) || !is_regular(file)) {
        return {path, std::nullopt};
    }
    int page = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), page).ec != std::errc{}) {
        page = std::numeric_limits<int>::max();  // no file has that many, as its reader reports
    }
    return {std::move(file), page};
}

}  // namespace embedmask::detail
