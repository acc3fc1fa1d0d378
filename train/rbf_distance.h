// The exponent of the coupling between pixels and proposals (§6.5 step 3, paper equation 3).
#pragma once

#include <torch/torch.h>

#include <array>

namespace embedmask::train {

/// S (G, J) with S_gj = Σ_d m_gd (p_dj − q_gd)²; the probability is exp(−S).
///
/// `pixels` (D, J), `embeddings` q and `margins` m (G, D); float32 or float64. Allocates no (G, D,
/// J) array, neither forward nor backward; in addition to its inputs it keeps only S.
/// Differentiable once.
torch::Tensor rbf_distance(const torch::Tensor& pixels, const torch::Tensor& embeddings,
                           const torch::Tensor& margins);

/// The same values and gradients with whole-tensor operations, for devices other than the CPU:
/// object by object, with one (D, J) temporary at a time. Returns the gradients of pixels,
/// embeddings and margins for `grad` (G, J), the gradient of S.
torch::Tensor rbf_distance_by_object(const torch::Tensor& pixels, const torch::Tensor& embeddings,
                                     const torch::Tensor& margins);
std::array<torch::Tensor, 3> rbf_gradients_by_object(const torch::Tensor& pixels,
                                                     const torch::Tensor& embeddings,
                                                     const torch::Tensor& margins,
                                                     const torch::Tensor& grad);

}  // namespace embedmask::train
