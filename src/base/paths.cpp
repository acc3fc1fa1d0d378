#include "base/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "embedmask/error.h"

namespace embedmask::detail {

namespace fs = std::filesystem;

bool path_exists(const fs::path& path) {
    std::error_code failed;
    return fs::exists(path, failed);
}

bool has_entry(const fs::path& path) {
    std::error_code failed;
    return fs::exists(fs::symlink_status(path, failed));
}

bool is_folder(const fs::path& path) {
    std::error_code failed;
    return fs::is_directory(path, failed);
}

bool is_regular(const fs::path& path) {
    std::error_code failed;
    return fs::is_regular_file(path, failed);
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code failed;
    fs::directory_iterator entry(folder, failed);
    while (!failed && entry != fs::directory_iterator()) {
        paths.push_back(entry->path());
        entry.increment(failed);
    }
    if (failed) {
        throw Error(fmt::format("{}: {}", folder.string(), failed.message()), {},
                    ErrorKind::system);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string portable_name(std::string_view path) {
    return std::string(path.substr(path.find_last_of("/\\") + 1));
}

std::string portable_stem(std::string_view path) {
    const fs::path name = portable_name(path);
    if (name.empty() || name == "." || name == "..") {
        throw Error(fmt::format("\"{}\": expected a path that ends with a file name", path));
    }
    return name.stem().string();
}

std::string file_word(std::string_view word) {
    std::string text(word);
    std::ranges::replace(text, '/', '_');
    std::ranges::replace(text, '\\', '_');
    return text;
}

fs::path with_slashes(const fs::path& path) {
    std::string text = path.string();
    if (text.find('\\') == std::string::npos || path_exists(path)) {
        return path;
    }
    std::ranges::replace(text, '\\', '/');
    return text;
}

fs::path path_from(const fs::path& folder, const fs::path& file) {
    std::error_code failed;
    const fs::path from = fs::weakly_canonical(fs::absolute(folder, failed), failed);
    if (failed) {
        return file.filename();
    }
    fs::path absolute = fs::absolute(file, failed);
    fs::path parent = fs::weakly_canonical(absolute.parent_path(), failed);
    if (failed) {
        return absolute;
    }
    parent /= file.filename();
    fs::path path = parent.lexically_relative(from);
    return path.empty() ? parent : path;
}

}  // namespace embedmask::detail
