// Weights for measuring and testing a network that nobody has trained.
#pragma once

#include <cstdint>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::network {

/// Random weights of sensible size: convolutions He-scaled, variances positive, scales near 1, so
/// that activations stay finite through the deepest network. Equal seeds give equal weights.
Weights random_weights(const Graph& graph, std::uint32_t seed);

}  // namespace embedmask::network
