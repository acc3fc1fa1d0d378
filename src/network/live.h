// Which nodes an inference run needs.
#pragma once

#include <vector>

#include "embedmask/graph.h"

namespace embedmask::network {

/// For every node: does an output that is not training-only depend on it? The input always counts.
std::vector<bool> inference_nodes(const Graph& graph);

}  // namespace embedmask::network
