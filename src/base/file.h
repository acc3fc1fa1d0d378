// Reads whole files and maps them. base/atomic_file.h writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace embedmask::detail {

/// Reads the whole file. Error if it is not a readable regular file or is larger than `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = 1ULL << 32);

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
