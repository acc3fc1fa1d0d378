// Between the runtime's tensors and libtorch's.
#pragma once

#include <torch/torch.h>

#include "embedmask/weights.h"

namespace embedmask::train {

/// A copy; F16 and BF16 become float32, integers and F64 stay.
torch::Tensor to_torch(const embedmask::Tensor& tensor);

/// A copy on the CPU with the same dtype: float32, float64, int64, int32 or uint8.
embedmask::Tensor from_torch(const torch::Tensor& tensor);

}  // namespace embedmask::train
