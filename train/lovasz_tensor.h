// The Lovász hinge as whole-tensor operations, for devices other than the CPU.
#pragma once

#include <torch/torch.h>

#include "train/lovasz.h"

namespace embedmask::train {

/// Meaning of the cell values.
enum class LovaszInput : std::uint8_t { Distance, Probability, Logit };

/// Log-odds are clamped to these limits, and clamped cells get no gradient (§6.5 Numerics).
struct LogitLimits {
    double low = 0;
    double high = 0;
};
LogitLimits logit_limits(double eps, bool is_float);

struct LovaszTensors {
    torch::Tensor losses;    ///< (G)
    torch::Tensor gradient;  ///< (G, J), gradient of each mask's loss
};

/// The losses and gradients of `Lovasz` in lovasz.h, for any device. `values` (G, J); `targets` (G,
/// J) uint8. Needs a dozen temporary (G, J) arrays; keeps one.
LovaszTensors lovasz_by_tensor(LovaszInput input, const torch::Tensor& values,
                               const torch::Tensor& targets, const LogitLimits& limits);

}  // namespace embedmask::train
