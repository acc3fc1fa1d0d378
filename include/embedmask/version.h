/// What was built.
#pragma once

#include <string>

namespace embedmask {

/// Version, compiler, and the network engine with its version, one per line. Any thread.
std::string version_text();

}  // namespace embedmask
