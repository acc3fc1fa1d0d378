// Inference rewrites: pure functions from a network to an equivalent, faster one.
#pragma once

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::network {

/// A graph with the weights it refers to. Rewrites may add weights; weights that no node refers to
/// are dropped.
struct Network {
    Graph graph;
    Weights weights;
};

/// Removes training-only outputs and all nodes and parameters that only they need.
Network drop_training_branches(const Network& network);

/// conv2d (no bias) followed by frozen or running-statistics batch norm → conv2d with bias:
/// weight·a and β − μ·a with a = γ / sqrt(v + ε) (§3.2).
Network fold_batch_norm(const Network& network);

/// multiply followed only by conv2d → conv2d with scaled weights. The B/32 of the margins (§4.2)
/// then costs nothing, and the margin convolution has the same input as its siblings.
Network fold_multiply(const Network& network);

/// Channel shuffles, and the slices and concatenations around them → the order of the weights of
/// the convolutions before and after. Every channel then goes straight from the convolution that
/// computes it to the one that reads it. Shuffled channels may be read by convolutions with one
/// group, and by depthwise ones that only such convolutions read. A network in which anything else
/// reads them, or in which they are an output or repeat a channel, stays as it is.
Network route_channels(const Network& network);

/// conv2d nodes that read the same tensor with the same kernel, stride and padding → one conv2d and
/// slices. Only groups of at most `max_channels` output channels are merged. Convolutions followed
/// by an activation, which engines compute together, and 1x1 convolutions, which cost less than the
/// slices, are not.
Network merge_sibling_convs(const Network& network, std::int64_t max_channels);

/// All of the above, for use by an engine.
Network optimize_for_inference(const Network& network);

}  // namespace embedmask::network
