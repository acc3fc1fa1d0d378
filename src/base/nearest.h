// Suggestions for "did you mean ...?" messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace embedmask::detail {

/// The candidate with the smallest edit distance to `word`; empty if there are no candidates.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// The fix for a misspelt word: the candidate that it is close to (a few edits away, or one begins
/// with the other), else `otherwise`.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                         const std::string& otherwise);

}  // namespace embedmask::detail
