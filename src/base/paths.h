// Paths from other systems, and questions about paths that never throw.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace embedmask::detail {

/// False for a path that cannot be examined: a loop of links, a name that is too long, a folder
/// without permission. Opening such a path reports why.
bool path_exists(const std::filesystem::path& path);
/// Whether a folder has an entry of that name, even a link that leads nowhere.
bool has_entry(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
bool is_regular(const std::filesystem::path& path);

/// The paths in a folder, sorted. Error if the folder cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

/// The last part of a path from any system: both slashes and backslashes separate.
std::string portable_name(std::string_view path);

/// The same without extension, as a name for files about that image. Error for a path that does not
/// end with a name, such as "..".
std::string portable_stem(std::string_view path);

/// A word, e.g. a category name, as part of a file name: separators become "_".
std::string file_word(std::string_view word);

/// `path` itself if it exists or has no backslash, else the path with slashes instead.
std::filesystem::path with_slashes(const std::filesystem::path& path);

/// The path that leads from a folder to a file, both of which may be relative to the working
/// directory. Links on the way are resolved, so that ".." means the same to every program.
std::filesystem::path path_from(const std::filesystem::path& folder,
                                const std::filesystem::path& file);

}  // namespace embedmask::detail
