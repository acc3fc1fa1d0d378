/// What was built.
#pragma once

#include <string>

#include "embedmask/export.h"

namespace embedmask {

/// Version, compiler, and the network engine with its version, one per line. Any thread.
EMBEDMASK_EXPORT std::string version_text();

}  // namespace embedmask
