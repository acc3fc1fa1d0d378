#include "tensor/half.h"

#include <cmath>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace embedmask::detail {
namespace {

float half_to_float_scalar(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1FU;
    const std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, exact in float32
        const float value = std::ldexp(static_cast<float>(fraction), -24);
        return sign != 0 ? -value : value;
    }
    const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

#if defined(__x86_64__)
__attribute__((target("avx2,f16c"))) std::size_t half_to_float_f16c(
    std::span<const std::uint16_t> in, float* out) {
    std::size_t i = 0;
    for (; i + 8 <= in.size(); i += 8) {
        const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in.data() + i));
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(halves));
    }
    return i;
}
#endif

}  // namespace

void half_to_float(std::span<const std::uint16_t> in, float* out) {
    std::size_t i = 0;
#if defined(__x86_64__)
    // Every CPU with AVX2 has F16C, which clang 14 cannot query.
    if (__builtin_cpu_supports("avx2")) {
        i = half_to_float_f16c(in, out);
    }
#endif
    for (; i < in.size(); ++i) {
        out[i] = half_to_float_scalar(in[i]);
    }
}

std::uint16_t float_to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) {
        return sign | 0x7E00U;  // NaN
    }
    if (magnitude >= 0x477FF000U) {
        return sign | 0x7C00U;  // rounds to infinity
    }
    if (magnitude < 0x38800000U) {  // subnormal half: multiple of 2^-24
        const float scaled = std::ldexp(std::bit_cast<float>(magnitude), 24);
        return sign | static_cast<std::uint16_t>(std::nearbyint(scaled));
    }
    const std::uint32_t rounded = magnitude - 0x38000000U + 0xFFFU + ((magnitude >> 13) & 1U);
    return sign | static_cast<std::uint16_t>(rounded >> 13);
}

std::uint16_t float_to_bfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
        return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
    }
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace embedmask::detail
