// Files: read whole, map, write atomically.
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

/// The whole file as bytes. Error when it is not a readable regular file or is larger than
/// `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = 1ULL << 32);

/// Writes `bytes` so that `path` holds either its old content or all of the new one: temporary file
/// in the same folder, fsync, rename, fsync of the folder. Error (old content intact) on failure.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// A file written piece by piece that appears under its name only at `commit()`.
/// Without commit (an exception, say) the destructor removes the temporary file.
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

/// A read-only memory map of a whole file; stays valid when the file is replaced by rename.
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

/// Creates `folder` and its parents; Error that names it when that fails.
void make_folder(const std::filesystem::path& folder);

}  // namespace embedmask::detail
