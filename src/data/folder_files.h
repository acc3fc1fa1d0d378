// Chooses the files of a folder that a reader wants, and counts the others.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "embedmask/data.h"

namespace embedmask::data {

struct FolderFiles {
    std::vector<std::filesystem::path> files;  ///< sorted
    PassedOver passed_over;
};

struct FolderChoice {
    /// Whether the reader wants a file. Asked for regular files and for paths that cannot be
    /// examined, so that these are reported by the reader instead of being ignored.
    std::function<bool(const std::filesystem::path&)> wanted;
    /// Whether a file that is not wanted belongs here, so that it is not counted.
    std::function<bool(const std::filesystem::path&)> expected = [](const std::filesystem::path&) {
        return false;
    };
};

/// Neither sub-folders nor files whose name begins with a dot are wanted. Error if the folder
/// cannot be read.
FolderFiles choose_files(const std::filesystem::path& folder, const FolderChoice& choice);

/// "3 files: 2 .txt, 1 .webp; 1 folder; 2 hidden files".
std::string summary_of(const PassedOver& passed);

/// The ending of a name in lower case, with its dot; empty if there is none.
std::string ending_of(const std::filesystem::path& path);

}  // namespace embedmask::data
