// The exponent of the coupling between pixels and proposals (§6.5 step 3, paper equation 3).
#pragma once

#include <torch/torch.h>

namespace embedmask::train {

/// S (G, J) with S_gj = Σ_d m_gd (p_dj − q_gd)²; the probability is exp(−S).
///
/// `pixels` (D, J), `embeddings` q and `margins` m (G, D); float32 or float64. Keeps no (G, D, J)
/// array, neither forward nor backward: beside its inputs it needs only S. Differentiable once.
torch::Tensor rbf_distance(const torch::Tensor& pixels, const torch::Tensor& embeddings,
                           const torch::Tensor& margins);

}  // namespace embedmask::train
