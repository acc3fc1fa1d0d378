// HEIGHTxWIDTH on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace embedmask::cli {

/// "800x1088" → (800, 1088). Error unless both are multiples of 32 between 32 and 16384.
std::pair<std::int64_t, std::int64_t> parse_size(const std::string& text);

}  // namespace embedmask::cli
