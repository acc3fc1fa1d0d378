// Symmetric 8-bit weight storage with one scale per output channel.
#pragma once

#include "embedmask/weights.h"

namespace embedmask::detail {

struct QuantizedWeight {
    Tensor values;  ///< I8, with the shape of the weight
    Tensor scales;  ///< F32 (O)
};

/// w ≈ scale[o] · round(w / scale[o]), scale[o] = max|w[o]| / 127.
QuantizedWeight quantize(const Tensor& weight);
Tensor dequantize(const Tensor& values, const Tensor& scales);

}  // namespace embedmask::detail
