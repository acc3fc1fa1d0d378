// A folder into which a command writes files under names that it derives itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_files.h"

namespace embedmask::detail {

/// A file under a derived name is only replaced if this program wrote it and nobody changed it
/// since: the manifest `.embedmask-files` in the folder lists the files that were written, with a
/// hash of their content. So a command may be repeated, and files of others are safe.
class OutputFolder {
public:
    /// Reads the manifest if there is one. Creates nothing.
    explicit OutputFolder(std::filesystem::path folder);

    [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
    [[nodiscard]] std::filesystem::path file(std::string_view name) const;

    /// Error, naming the files, if a file with one of these names is an input, or, unless `force`,
    /// exists and was not written by this program. Call for all outputs before writing the first.
    void require_replaceable(const std::vector<std::string>& names, const InputFiles& inputs,
                             bool force) const;

    /// Likewise for the files in the folder whose names `is_output` accepts: for outputs whose
    /// names are not known in advance.
    void require_replaceable(const std::function<bool(const std::string&)>& is_output,
                             const InputFiles& inputs, bool force) const;

    /// Creates the folder and its parents.
    void create() const;

    /// Writes a file atomically and lists it in the manifest. Thread-safe.
    void write(std::string_view name, std::string_view bytes);

    /// Lists a file that was written by other means. Thread-safe.
    void record(std::string_view name);

private:
    void append(std::string_view name, std::uint64_t hash);
    [[nodiscard]] bool is_own(const std::string& name) const;

    std::filesystem::path folder_;
    std::map<std::string, std::uint64_t> own_;  // hash by name, of earlier runs
    bool has_stale_lines_ = false;              // the manifest mostly lists older contents
    std::mutex mutex_;                          // guards the manifest file
};

}  // namespace embedmask::detail
