// What readers of other programs' weight files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace embedmask::foreign {

/// Names from a file as they may appear in a message: cut at 80 bytes, control characters and
/// whatever is not ASCII as '?'.
std::string shown(std::string_view text);

/// The `size` bytes at `at`, at most 8, as a little-endian number. They must be there.
std::uint64_t little_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t size);

/// Where tensors come from. `copy_budget` bounds what copies of strided views may add up to, so
/// that a small file cannot ask for a terabyte by naming one storage a million times.
struct TensorSource {
    std::string file;
    std::shared_ptr<const void> owner;  ///< keeps the mapped file alive
    std::uint64_t copy_budget = 0;
};

}  // namespace embedmask::foreign
