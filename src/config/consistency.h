// Rules between the keys of a configuration.
#pragma once

#include <string>

#include "embedmask/config.h"

namespace embedmask::detail {

/// Error (`source`, keys, how to fix) for values that are valid one by one and contradict each
/// other.
void check_consistency(const Config& config, const std::string& source);

}  // namespace embedmask::detail
