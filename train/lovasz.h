// The Lovász hinge of mask probabilities (§6.5 steps 4 and 5).
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace embedmask::train {

/// In a target: this cell does not count (`box_padding`, §6.6).
inline constexpr std::uint8_t kLeftOut = 255;

/// (G) losses of G masks over J cells each; the hinge is computed on log-odds of the probability.
/// `targets` (G, J) uint8: 0, 1 or kLeftOut. `eps` limits the probability to [eps, 1 − eps]; cells
/// at a limit get no gradient. In float32 the upper limit of the log-odds is the largest value that
/// the authors' program can produce, 16.6355 (§6.5 Numerics). Never NaN, also for probability 1 and
/// for empty targets. Ties share nothing: the cell with the lower index comes first.
///
/// The gradient is found together with the value: one (G, J) array is kept.
torch::Tensor lovasz_of_distance(const torch::Tensor& distance, const torch::Tensor& targets,
                                 double eps);  ///< probability exp(−distance), in stable form
torch::Tensor lovasz_of_probability(const torch::Tensor& probability, const torch::Tensor& targets,
                                    double eps);

/// The hinge itself: raw logits (J), labels (J) of 0 and 1 → a scalar.
torch::Tensor lovasz_hinge(const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace embedmask::train
