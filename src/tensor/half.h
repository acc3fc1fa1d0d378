// Conversions between float32 and the two 16-bit floats.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace embedmask::detail {

void half_to_float(std::span<const std::uint16_t> in, float* out);
std::uint16_t float_to_half(float value);  ///< round to nearest even

inline float bfloat16_to_float(std::uint16_t value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}
std::uint16_t float_to_bfloat16(float value);  ///< round to nearest even

}  // namespace embedmask::detail
