// The files that a command reads, so that it never writes over them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace embedmask::detail {

/// Files are compared by device and inode, so links and other spellings of a path are recognised.
class InputFiles {
public:
    /// Adds a file, the file of a page (base/paged_path.h), or the files of a folder (not of its
    /// sub-folders). Paths that do not exist are left to the reader.
    void add(const std::filesystem::path& path);

    /// Error, naming both, if writing `output` would change an input.
    void require_other(const std::filesystem::path& output) const;

private:
    using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

    void add_file(const std::filesystem::path& path);

    std::map<Identity, std::string> files_;
};

/// Adds `output` to a list of files about to be written, each of which the user names. Error if it
/// is one of `inputs`, a folder, or a file of the list.
class NamedOutputs {
public:
    explicit NamedOutputs(const InputFiles& inputs) : inputs_(inputs) {}

    /// `option` is named in errors, e.g. "--json". Nothing happens for an empty path.
    void add(const std::string& option, const std::filesystem::path& output);

private:
    const InputFiles& inputs_;
    std::map<std::filesystem::path, std::string> options_;  // by resolved path
};

}  // namespace embedmask::detail
