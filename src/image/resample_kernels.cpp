// The row kernels of resample.h.
//
// Sums fit in int32: weights add up to 2^22 (plus rounding), pixels are below 2^8.
#include <algorithm>
#include <array>

#include "image/resample.h"

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns about uninitialised values inside its own AVX-512 header.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

namespace embedmask::image {
namespace {

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

std::int32_t to_byte(std::int32_t sum) {
    return std::min(sum >> kWeightBits, 255);
}

float normalize(std::int32_t value, const Normalization& to) {
    return (static_cast<float>(value) / to.divisor - to.mean) / to.std;
}

std::int32_t blend(std::span<const std::uint8_t* const> rows, const std::int32_t* weights, int x) {
    std::int32_t sum = kHalf;
    for (std::size_t t = 0; t < rows.size(); ++t) {
        sum += rows[t][x] * weights[t];
    }
    return to_byte(sum);
}

namespace plain {

void horizontal(const AxisWeights& axis, const std::uint8_t* rgb, std::uint8_t* planes,
                std::size_t plane_stride) {
    for (int i = 0; i < axis.size; ++i) {
        std::int32_t sum[3] = {kHalf, kHalf, kHalf};
        const std::uint8_t* pixel = rgb + 3 * static_cast<std::ptrdiff_t>(axis.first[i]);
        for (int t = 0; t < axis.taps; ++t, pixel += 3) {
            const std::int32_t weight = axis.at(i, t);
            for (int c = 0; c < 3; ++c) {
                sum[c] += pixel[c] * weight;
            }
        }
        for (int c = 0; c < 3; ++c) {
            planes[c * plane_stride + i] = static_cast<std::uint8_t>(to_byte(sum[c]));
        }
    }
}

void vertical(std::span<const std::uint8_t* const> rows, const std::int32_t* weights, int n,
              std::uint8_t* out) {
    for (int x = 0; x < n; ++x) {
        out[x] = static_cast<std::uint8_t>(blend(rows, weights, x));
    }
}

void vertical_normalized(std::span<const std::uint8_t* const> rows, const std::int32_t* weights,
                         int n, const Normalization& to, float* out) {
    for (int x = 0; x < n; ++x) {
        out[x] = normalize(blend(rows, weights, x), to);
    }
}

}  // namespace plain

#if defined(__x86_64__)

// Both vector versions load a pixel per lane with a four-byte gather: R, G, B and a byte that is
// shifted out.

namespace avx2 {

#define EMBEDMASK_AVX2 __attribute__((target("avx2")))

constexpr int kWidth = 8;

EMBEDMASK_AVX2 inline __m256i to_byte(__m256i sum) {
    return _mm256_min_epi32(_mm256_srai_epi32(sum, kWeightBits), _mm256_set1_epi32(255));
}

// Stores eight values 0..255 as bytes.
EMBEDMASK_AVX2 inline void store_bytes(std::uint8_t* out, __m256i values) {
    const __m256i words = _mm256_packus_epi32(values, values);
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m128i low = _mm256_castsi256_si128(bytes);
    const __m128i high = _mm256_extracti128_si256(bytes, 1);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi32(low, high));
}

EMBEDMASK_AVX2 void horizontal(const AxisWeights& axis, const std::uint8_t* rgb,
                               std::uint8_t* planes, std::size_t plane_stride) {
    const __m256i half = _mm256_set1_epi32(kHalf);
    const __m256i mask = _mm256_set1_epi32(255);
    for (int i = 0; i < axis.size; i += kWidth) {
        const __m256i first =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(axis.first.data() + i));
        const __m256i offset = _mm256_add_epi32(first, _mm256_add_epi32(first, first));
        const std::int32_t* weights = axis.weight.data() +
                                      static_cast<std::size_t>(i / kLanes) * axis.taps * kLanes +
                                      i % kLanes;
        __m256i red = half;
        __m256i green = half;
        __m256i blue = half;
        for (int t = 0; t < axis.taps; ++t) {
            const __m256i pixel = _mm256_i32gather_epi32(
                reinterpret_cast<const int*>(rgb + 3 * static_cast<std::ptrdiff_t>(t)), offset, 1);
            const __m256i weight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(
                weights + static_cast<std::ptrdiff_t>(t) * kLanes));
            red = _mm256_add_epi32(red, _mm256_mullo_epi32(_mm256_and_si256(pixel, mask), weight));
            green = _mm256_add_epi32(
                green,
                _mm256_mullo_epi32(_mm256_and_si256(_mm256_srli_epi32(pixel, 8), mask), weight));
            blue = _mm256_add_epi32(
                blue,
                _mm256_mullo_epi32(_mm256_and_si256(_mm256_srli_epi32(pixel, 16), mask), weight));
        }
        store_bytes(planes + i, to_byte(red));
        store_bytes(planes + plane_stride + i, to_byte(green));
        store_bytes(planes + 2 * plane_stride + i, to_byte(blue));
    }
}

EMBEDMASK_AVX2 inline __m256i blend(std::span<const std::uint8_t* const> rows,
                                    const std::int32_t* weights, int x) {
    __m256i sum = _mm256_set1_epi32(kHalf);
    for (std::size_t t = 0; t < rows.size(); ++t) {
        const __m256i row =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(rows[t] + x)));
        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(row, _mm256_set1_epi32(weights[t])));
    }
    return to_byte(sum);
}

EMBEDMASK_AVX2 void vertical(std::span<const std::uint8_t* const> rows, const std::int32_t* weights,
                             int n, std::uint8_t* out) {
    int x = 0;
    for (; x + kWidth <= n; x += kWidth) {
        store_bytes(out + x, blend(rows, weights, x));
    }
    for (; x < n; ++x) {
        out[x] = static_cast<std::uint8_t>(image::blend(rows, weights, x));
    }
}

EMBEDMASK_AVX2 void vertical_normalized(std::span<const std::uint8_t* const> rows,
                                        const std::int32_t* weights, int n, const Normalization& to,
                                        float* out) {
    const __m256 divisor = _mm256_set1_ps(to.divisor);
    const __m256 mean = _mm256_set1_ps(to.mean);
    const __m256 std = _mm256_set1_ps(to.std);
    int x = 0;
    for (; x + kWidth <= n; x += kWidth) {
        __m256 value = _mm256_cvtepi32_ps(blend(rows, weights, x));
        value = _mm256_sub_ps(_mm256_div_ps(value, divisor), mean);
        _mm256_storeu_ps(out + x, _mm256_div_ps(value, std));
    }
    for (; x < n; ++x) {
        out[x] = normalize(image::blend(rows, weights, x), to);
    }
}

}  // namespace avx2

namespace avx512 {

#define EMBEDMASK_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

constexpr int kWidth = 16;

EMBEDMASK_AVX512 inline __m128i to_bytes(__m512i sum) {
    return _mm512_cvtusepi32_epi8(_mm512_srli_epi32(sum, kWeightBits));
}

EMBEDMASK_AVX512 void horizontal(const AxisWeights& axis, const std::uint8_t* rgb,
                                 std::uint8_t* planes, std::size_t plane_stride) {
    const __m512i half = _mm512_set1_epi32(kHalf);
    const __m512i mask = _mm512_set1_epi32(255);
    const std::int32_t* weights = axis.weight.data();
    for (int i = 0; i < axis.size; i += kWidth) {
        const __m512i first = _mm512_loadu_si512(axis.first.data() + i);
        const __m512i offset = _mm512_add_epi32(first, _mm512_add_epi32(first, first));
        __m512i red = half;
        __m512i green = half;
        __m512i blue = half;
        for (int t = 0; t < axis.taps; ++t, weights += kLanes) {
            const __m512i pixel =
                _mm512_i32gather_epi32(offset, rgb + 3 * static_cast<std::ptrdiff_t>(t), 1);
            const __m512i weight = _mm512_loadu_si512(weights);
            red = _mm512_add_epi32(red, _mm512_mullo_epi32(_mm512_and_si512(pixel, mask), weight));
            green = _mm512_add_epi32(
                green,
                _mm512_mullo_epi32(_mm512_and_si512(_mm512_srli_epi32(pixel, 8), mask), weight));
            blue = _mm512_add_epi32(
                blue,
                _mm512_mullo_epi32(_mm512_and_si512(_mm512_srli_epi32(pixel, 16), mask), weight));
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + i), to_bytes(red));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + plane_stride + i), to_bytes(green));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + 2 * plane_stride + i), to_bytes(blue));
    }
}

EMBEDMASK_AVX512 inline __m512i blend(std::span<const std::uint8_t* const> rows,
                                      const std::int32_t* weights, int x) {
    __m512i sum = _mm512_set1_epi32(kHalf);
    for (std::size_t t = 0; t < rows.size(); ++t) {
        const __m512i row =
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[t] + x)));
        sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(row, _mm512_set1_epi32(weights[t])));
    }
    return sum;
}

// The lanes of a block before `n`.
EMBEDMASK_AVX512 inline __mmask16 lanes_before(int n, int x) {
    return n - x >= kWidth ? static_cast<__mmask16>(0xFFFF)
                           : static_cast<__mmask16>((1U << (n - x)) - 1);
}

EMBEDMASK_AVX512 void vertical(std::span<const std::uint8_t* const> rows,
                               const std::int32_t* weights, int n, std::uint8_t* out) {
    for (int x = 0; x < n; x += kWidth) {
        _mm_mask_storeu_epi8(out + x, lanes_before(n, x), to_bytes(blend(rows, weights, x)));
    }
}

EMBEDMASK_AVX512 void vertical_normalized(std::span<const std::uint8_t* const> rows,
                                          const std::int32_t* weights, int n,
                                          const Normalization& to, float* out) {
    const __m512 divisor = _mm512_set1_ps(to.divisor);
    const __m512 mean = _mm512_set1_ps(to.mean);
    const __m512 std = _mm512_set1_ps(to.std);
    for (int x = 0; x < n; x += kWidth) {
        const __m512i byte = _mm512_min_epi32(
            _mm512_srai_epi32(blend(rows, weights, x), kWeightBits), _mm512_set1_epi32(255));
        __m512 value = _mm512_div_ps(_mm512_cvtepi32_ps(byte), divisor);
        value = _mm512_div_ps(_mm512_sub_ps(value, mean), std);
        _mm512_mask_storeu_ps(out + x, lanes_before(n, x), value);
    }
}

}  // namespace avx512

#endif

constexpr RowKernels kPlain{"plain", plain::horizontal, plain::vertical,
                            plain::vertical_normalized};

}  // namespace

std::span<const RowKernels> available_kernels() {
#if defined(__x86_64__)
    static constexpr std::array kAll{
        kPlain,
        RowKernels{"avx2", avx2::horizontal, avx2::vertical, avx2::vertical_normalized},
        RowKernels{"avx512", avx512::horizontal, avx512::vertical, avx512::vertical_normalized},
    };
    if (__builtin_cpu_supports("avx2") == 0) {
        return std::span(kAll).first(1);
    }
    const bool has_avx512 = __builtin_cpu_supports("avx512f") != 0 &&
                            __builtin_cpu_supports("avx512bw") != 0 &&
                            __builtin_cpu_supports("avx512vl") != 0;
    return std::span(kAll).first(has_avx512 ? 3 : 2);
#else
    static constexpr std::array kAll{kPlain};
    return kAll;
#endif
}

const RowKernels& best_kernels() {
    return available_kernels().back();
}

}  // namespace embedmask::image
