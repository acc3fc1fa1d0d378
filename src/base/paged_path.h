// A page of a file on the command line or in a record: NAME[PAGE].
#pragma once

#include <filesystem>
#include <optional>

namespace embedmask::detail {

struct PagedPath {
    std::filesystem::path file;
    std::optional<int> page;  ///< from 0; nothing if the path names no page
};

/// Splits "scan.tif[2]" if that file does not exist and "scan.tif" does; any other path is a file.
PagedPath paged_path(const std::filesystem::path& path);

}  // namespace embedmask::detail
