// Finds the nodes that inference needs.
#pragma once

#include <vector>

#include "embedmask/graph.h"

namespace embedmask::network {

/// For every node: whether an output that is not training-only depends on it. True for the input in
/// any case.
std::vector<bool> inference_nodes(const Graph& graph);

}  // namespace embedmask::network
