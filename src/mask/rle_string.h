// The run lengths of a compressed string, without the size of their mask.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace embedmask::mask {

/// Error for an invalid character, a count that is negative or beyond 2^32, and a string that ends
/// inside a count, as for `decompress`.
std::vector<std::uint32_t> run_lengths(std::string_view text);

}  // namespace embedmask::mask
