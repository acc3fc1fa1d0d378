#include "base/lines.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/look_alike.h"
#include "base/text.h"
#include "embedmask/error.h"

namespace embedmask::detail {

void require_utf8(std::string_view text, std::string_view name) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
        throw Error(fmt::format("{}: found UTF-16 text: expected UTF-8", name),
                    "save it as UTF-8 (some programs call UTF-16 \"Unicode\")");
    }
}

std::string without_mark(std::string text, std::string_view name) {
    require_utf8(text, name);
    if (text.starts_with(kUtf8Mark)) {
        text.erase(0, kUtf8Mark.size());
    }
    return text;
}

std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes,
                      std::string_view expected) {
    const auto bytes = read_file(path, max_bytes);
    std::string text = without_mark({bytes.begin(), bytes.end()}, path.string());
    reject_look_alikes(text, path.string(), expected);
    return text;
}

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find_first_of("\r\n");
        const std::string_view line = trimmed(text.substr(0, end));
        if (!line.empty()) {
            lines.push_back({number, std::string(line)});
        }
        if (end == std::string_view::npos) {
            break;
        }
        text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    }
    return lines;
}

}  // namespace embedmask::detail
