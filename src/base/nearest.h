// Suggestions for "did you mean ...?" messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace embedmask::detail {

/// The candidate with the smallest edit distance to `word`; empty if there are no candidates.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace embedmask::detail
