/// @file
/// Arithmetic of the network.
#pragma once

#include "embedmask/export.h"

namespace embedmask {

/// Arithmetic of the network.
enum class Precision {
    automatic,  ///< bf16 if the CPU supports it (AMX, AVX512-BF16), else fp32
    fp32,       ///< 32-bit floats
    bf16,       ///< bfloat16 convolutions; Error if the CPU does not support them
};

/// The name of a precision: "auto", "fp32" or "bf16".
EMBEDMASK_EXPORT const char* name_of(Precision precision);

}  // namespace embedmask
