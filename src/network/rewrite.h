// Inference rewrites: pure functions from a network to an equal one that runs faster.
#pragma once

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::network {

/// A graph with the weights it names. Rewrites may add weights; those that no node names any more
/// are dropped.
struct Network {
    Graph graph;
    Weights weights;
};

/// Removes training-only outputs and every node and parameter that only they need.
Network drop_training_branches(const Network& network);

/// conv2d (no bias) followed by frozen or running-statistics batch norm → conv2d with bias:
/// weight·a and β − μ·a with a = γ / sqrt(v + ε) (§3.2).
Network fold_batch_norm(const Network& network);

/// multiply followed only by conv2d → conv2d with scaled weights: the B/32 of the margins (§4.2)
/// costs nothing and the margin convolution reads what its siblings read.
Network fold_multiply(const Network& network);

/// conv2d nodes that read the same tensor with the same kernel, stride and padding → one conv2d and
/// slices. Only groups of at most `max_channels` output channels in all are merged.
Network merge_sibling_convs(const Network& network, std::int64_t max_channels);

/// All of the above, as an engine wants them.
Network optimize_for_inference(const Network& network);

}  // namespace embedmask::network
