// The Lovász hinge of mask probabilities (§6.5 steps 4 and 5).
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace embedmask::train {

/// Target value of an ignored cell (`box_padding`, §6.6).
inline constexpr std::uint8_t kLeftOut = 255;

/// (G) losses of G masks over J cells each; the hinge is computed on the log-odds of the
/// probability. `targets` (G, J) uint8: 0, 1 or kLeftOut. `eps` clamps the probability to [eps, 1 −
/// eps]; clamped cells get no gradient. In float32 the upper limit of the log-odds is the largest
/// value that the authors' program can produce, 16.6355 (§6.5 Numerics). Never NaN, even for
/// probability 1 and for empty targets. Ties are ordered by cell index and do not share gradients.
///
/// The gradient is computed together with the value: one (G, J) array is kept.
torch::Tensor lovasz_of_distance(const torch::Tensor& distance, const torch::Tensor& targets,
                                 double eps);  ///< probability exp(−distance), numerically stable
torch::Tensor lovasz_of_probability(const torch::Tensor& probability, const torch::Tensor& targets,
                                    double eps);

/// The hinge alone: raw logits (J), labels (J) of 0 and 1 → a scalar.
torch::Tensor lovasz_hinge(const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace embedmask::train
