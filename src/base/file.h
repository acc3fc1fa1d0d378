// Reads whole files, maps them, and writes them atomically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace embedmask::detail {

/// Reads the whole file. Error if it is not a readable regular file or is larger than `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = 1ULL << 32);

/// Writes `bytes` atomically: `path` has either its old content or all of the new content. Uses a
/// temporary file in the same folder, fsync, rename, and fsync of the folder. Error (old content
/// intact) on failure.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// A file written in pieces that appears under its name only on `commit()`. Without a commit (e.g.
/// after an exception) the destructor removes the temporary file.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::string_view bytes);
    void commit();

private:
    void fail(const char* action) const;

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    std::vector<char> buffer_;
    int fd_ = -1;

    void flush();
};

/// A read-only memory map of a whole file; stays valid if the file is replaced by rename.
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Creates `folder` and its parents. Error (with its name) on failure.
void make_folder(const std::filesystem::path& folder);

}  // namespace embedmask::detail
