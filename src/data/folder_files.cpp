#include "data/folder_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "base/paths.h"
#include "base/text.h"

namespace embedmask::data {

namespace fs = std::filesystem;

std::string ending_of(const fs::path& path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending;
}

std::string summary_of(const PassedOver& passed) {
    std::vector<std::string> kinds;
    std::size_t files = 0;
    for (const auto& [ending, count] : passed.files) {
        kinds.push_back(fmt::format("{} {}", count, ending.empty() ? "without ending" : ending));
        files += count;
    }
    std::vector<std::string> parts;
    if (files > 0) {
        parts.push_back(
            fmt::format("{}: {}", detail::counted(files, "file"), fmt::join(kinds, ", ")));
    }
    if (passed.folders > 0) {
        parts.push_back(detail::counted(passed.folders, "folder"));
    }
    if (passed.hidden > 0) {
        parts.push_back(detail::counted(passed.hidden, "hidden file"));
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

FolderFiles choose_files(const fs::path& folder, const FolderChoice& choice) {
    FolderFiles chosen;
    chosen.passed_over.folder = folder;
    for (const fs::path& path : detail::entries_of(folder)) {
        std::error_code failed;
        const fs::file_type type = fs::status(path, failed).type();
        const bool unknown = type == fs::file_type::none || type == fs::file_type::not_found;
        if (path.filename().string().starts_with('.')) {
            const bool wanted = type == fs::file_type::regular && choice.wanted(path);
            chosen.passed_over.hidden += wanted ? 1 : 0;
        } else if (type == fs::file_type::directory) {
            ++chosen.passed_over.folders;
        } else if ((unknown || type == fs::file_type::regular) && choice.wanted(path)) {
            chosen.files.push_back(path);
        } else if (!choice.expected(path)) {
            ++chosen.passed_over.files[ending_of(path)];
        }
    }
    return chosen;
}

}  // namespace embedmask::data
