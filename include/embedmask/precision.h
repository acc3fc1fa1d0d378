/// What the network computes in.
#pragma once

namespace embedmask {

enum class Precision {
    automatic,  ///< bf16 where the CPU has units for it (AMX, AVX512-BF16), else fp32
    fp32,
    bf16,  ///< Error where the CPU has no units for it
};

}  // namespace embedmask
