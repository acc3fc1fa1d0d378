// Converts between the runtime's tensors and libtorch's.
#pragma once

#include <torch/torch.h>

#include "embedmask/weights.h"

namespace embedmask::train {

/// Copies; F16 and BF16 become float32, integers and F64 are unchanged.
torch::Tensor to_torch(const embedmask::Tensor& tensor);

/// Copies to the CPU with the same dtype: float32, float64, int64, int32 or uint8.
embedmask::Tensor from_torch(const torch::Tensor& tensor);

}  // namespace embedmask::train
