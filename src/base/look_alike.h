// Files that lie where another one should be.
#pragma once

#include <string_view>

namespace embedmask::detail {

/// Error (what it is, how to get the real file) if the bytes of `name` are a Git LFS pointer or a
/// web page instead of `expected`, e.g. "weights". A UTF-8 byte order mark and blanks may precede.
void reject_look_alikes(std::string_view bytes, std::string_view name, std::string_view expected);

}  // namespace embedmask::detail
