// A hash that distinguishes networks.
#pragma once

#include <cstdint>

#include "network/rewrite.h"

namespace embedmask::network {

/// Equal for equal graphs with equal weights; different for others, except with probability 2^-64.
/// Not resistant to deliberate collisions. Runs at memory speed.
std::uint64_t fingerprint(const Network& network);

}  // namespace embedmask::network
