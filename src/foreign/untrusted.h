// Helpers shared by the readers of other programs' weights files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace embedmask::foreign {

/// Makes a name from a file safe for messages: cut at 80 bytes, with control and non-ASCII
/// characters replaced by '?'.
std::string shown(std::string_view text);

/// The `size` bytes at `at`, at most 8, as a little-endian number. They must be in range.
std::uint64_t little_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t size);

/// The origin of tensors. `copy_budget` bounds the total size of copies of strided views, so that a
/// small file cannot request a terabyte by naming one storage a million times.
struct TensorSource {
    std::string file;
    std::shared_ptr<const void> owner;  ///< keeps the mapped file alive
    std::uint64_t copy_budget = 0;
};

}  // namespace embedmask::foreign
