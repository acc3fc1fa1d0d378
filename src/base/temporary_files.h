// Remembers the temporary files of this process, so that a signal handler can remove them.
#pragma once

#include <cstddef>
#include <filesystem>

namespace embedmask::detail {

/// Registers a file that must not outlive the process, until it is destroyed. Beyond 64 files at a
/// time, and for paths of 4,096 bytes and more, nothing is registered. Thread-safe.
class TemporaryFileEntry {
public:
    explicit TemporaryFileEntry(const std::filesystem::path& file);
    ~TemporaryFileEntry();
    TemporaryFileEntry(const TemporaryFileEntry&) = delete;
    TemporaryFileEntry& operator=(const TemporaryFileEntry&) = delete;

private:
    std::size_t slot_;
};

/// Removes the registered files. Async-signal-safe.
void remove_temporary_files() noexcept;

}  // namespace embedmask::detail
