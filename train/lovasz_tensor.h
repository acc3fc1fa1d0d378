// The Lovász hinge as whole-tensor operations: what devices other than the CPU run.
#pragma once

#include <torch/torch.h>

#include "train/lovasz.h"

namespace embedmask::train {

/// What a cell's value is.
enum class LovaszInput : std::uint8_t { Distance, Probability, Logit };

/// Log-odds beyond these are cut, and their cells get no gradient (§6.5 Numerics).
struct LogitLimits {
    double low = 0;
    double high = 0;
};
LogitLimits logit_limits(double eps, bool is_float);

struct LovaszTensors {
    torch::Tensor losses;    ///< (G)
    torch::Tensor gradient;  ///< (G, J), of each mask's loss
};

/// The losses and gradients of `Lovasz` in lovasz.h on any device: `values` (G, J), `targets`
/// (G, J) uint8. Needs a dozen (G, J) arrays while it runs; keeps one.
LovaszTensors lovasz_by_tensor(LovaszInput input, const torch::Tensor& values,
                               const torch::Tensor& targets, const LogitLimits& limits);

}  // namespace embedmask::train
