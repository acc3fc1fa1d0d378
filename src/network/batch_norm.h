// Arithmetic of a batch norm that follows a convolution.
#pragma once

#include <vector>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::network {

/// Frozen or not.
bool is_batch_norm(const Node& node);

struct FoldedConv {
    std::vector<float> weight;  ///< of the shape of the convolution's
    std::vector<float> bias;    ///< one per output channel
};

/// The convolution `conv` and the batch norm `norm` of its output as one convolution: weight·a and
/// β + (b − μ)·a with a = γ / sqrt(v + ε) (§3.2).
FoldedConv fold(const Node& conv, const Node& norm, const Weights& weights);

/// Multiplies the values of each of `factors.size()` output channels by its factor.
void scale_channels(std::vector<float>& weight, const std::vector<double>& factors);

}  // namespace embedmask::network
