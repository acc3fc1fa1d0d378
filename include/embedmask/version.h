/// @file
/// Version information.
#pragma once

#include <string>

#include "embedmask/export.h"

namespace embedmask {

/// Version, engine and compiler, one per line. Thread-safe.
EMBEDMASK_EXPORT std::string version_text();

}  // namespace embedmask
