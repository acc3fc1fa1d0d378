/// What the network computes in.
#pragma once

#include "embedmask/export.h"

namespace embedmask {

enum class Precision {
    automatic,  ///< bf16 where the CPU has units for it (AMX, AVX512-BF16), else fp32
    fp32,
    bf16,  ///< Error where the CPU has no units for it
};

/// "auto", "fp32" or "bf16".
EMBEDMASK_EXPORT const char* name_of(Precision precision);

}  // namespace embedmask
