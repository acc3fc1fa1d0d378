// A number that tells networks apart.
#pragma once

#include <cstdint>

#include "network/rewrite.h"

namespace embedmask::network {

/// Equal for equal graphs with equal weights; for others it differs, but for a chance of 2^-64. Not
/// a protection against somebody who looks for collisions. Runs at memory speed.
std::uint64_t fingerprint(const Network& network);

}  // namespace embedmask::network
