// Two reports side by side (`eval --compare`).
#pragma once

#include <filesystem>

namespace embedmask::cli {

/// Prints how the second report of `eval --json` differs from the first: the twelve numbers, the
/// categories, and the images whose AP changed most. Error when a file is not such a report or the
/// two have no type in common.
void compare_reports(const std::filesystem::path& before, const std::filesystem::path& after);

}  // namespace embedmask::cli
