// The writer of every output file.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/temporary_files.h"

namespace embedmask::detail {

/// Where the bytes for a path go: symbolic links are followed.
struct WriteTarget {
    std::filesystem::path path;  ///< the file behind the links; it need not exist
    int descriptor = -1;         ///< of this process, for /dev/stdout and the like; else -1
    bool stream = false;         ///< a pipe, a device or a descriptor: cannot be replaced
};

/// Follows `path`. Error (what and why) if it is a folder or a loop of links.
WriteTarget write_target(const std::filesystem::path& path);

/// A file written in pieces that has either its old content or, after `commit()`, all of the new
/// content: a temporary file in the same folder is filled and renamed over it. Without a commit
/// (e.g. after an exception), and after a signal (clean_up_on_signals), the temporary file is
/// removed. A symbolic link stays a link: the file behind it is replaced. An existing file keeps
/// its mode and owner; where only rewriting it keeps the owner (as another user), and where it is a
/// mount point, it is rewritten from the complete temporary file. Pipes and devices cannot be
/// replaced and receive the bytes as they come.
class AtomicFile {
public:
    /// Error if the file cannot be created, or exists and is not writable.
    explicit AtomicFile(std::filesystem::path path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::string_view bytes);
    void commit();

private:
    [[noreturn]] void fail(const char* action) const;
    void open_temporary();
    void open_next_temporary(unsigned number);
    void flush();
    void replace_target();
    void copy_to_target();

    std::filesystem::path path_;  // as given, for messages
    WriteTarget target_;
    std::filesystem::path temporary_;  // empty for a stream
    std::optional<TemporaryFileEntry> entry_;
    std::vector<char> buffer_;
    int fd_ = -1;
    bool copies_ = false;  // the target cannot be replaced, only rewritten
};

/// Writes `bytes` with an AtomicFile.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace embedmask::detail
