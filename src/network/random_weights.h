// Weights for benchmarking and testing an untrained network.
#pragma once

#include <cstdint>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::network {

/// Random weights of realistic magnitude: He-scaled convolutions, positive variances, scales near
/// 1, so that activations stay finite in the deepest network. Equal seeds give equal weights.
Weights random_weights(const Graph& graph, std::uint32_t seed);

}  // namespace embedmask::network
