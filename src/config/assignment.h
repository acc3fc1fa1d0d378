// Parses the "key=value" of --set; blanks around key and value are ignored.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace embedmask::detail {

/// The whole text if there is no "=".
std::string_view assigned_key(std::string_view assignment);

/// Empty if there is no "=".
std::string_view assigned_value(std::string_view assignment);

/// True if one of `assignments` sets `key`.
bool assigns(std::span<const std::string> assignments, std::string_view key);

}  // namespace embedmask::detail
