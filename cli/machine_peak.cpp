#include "machine_peak.h"

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace embedmask::cli {
namespace {

using detail::Clock;

constexpr int kRounds = 7;
constexpr double kRoundSeconds = 0.05;

// Runs `rounds` rounds of independent multiply-adds; the result only keeps the work from being
// optimised away.
using Kernel = float (*)(std::int64_t rounds);

struct Unit {
    const char* name;
    Kernel kernel;
    double operations_per_round;
};

// Enough independent accumulators to cover latency x throughput of current processors (two units of
// latency four to five), few enough to stay in registers.
constexpr int kChains = 12;

#if defined(__x86_64__)

__attribute__((target("avx512f"))) float fma_avx512(std::int64_t rounds) {
    __m512 sums[kChains];
    for (int i = 0; i < kChains; ++i) {
        sums[i] = _mm512_set1_ps(static_cast<float>(i));
    }
    const __m512 a = _mm512_set1_ps(0.5F);
    const __m512 b = _mm512_set1_ps(0.25F);
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
            sums[i] = _mm512_fmadd_ps(sums[i], a, b);
        }
    }
    float result = 0;
    for (int i = 0; i < kChains; ++i) {
        result += _mm512_cvtss_f32(sums[i]);
    }
    return result;
}

__attribute__((target("avx2,fma"))) float fma_avx2(std::int64_t rounds) {
    __m256 sums[kChains];
    for (int i = 0; i < kChains; ++i) {
        sums[i] = _mm256_set1_ps(static_cast<float>(i));
    }
    const __m256 a = _mm256_set1_ps(0.5F);
    const __m256 b = _mm256_set1_ps(0.25F);
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
            sums[i] = _mm256_fmadd_ps(sums[i], a, b);
        }
    }
    float result = 0;
    for (int i = 0; i < kChains; ++i) {
        result += _mm256_cvtss_f32(sums[i]);
    }
    return result;
}

__attribute__((target("avx512f,avx512bf16"))) float dot_bf16(std::int64_t rounds) {
    __m512 sums[kChains];
    for (int i = 0; i < kChains; ++i) {
        sums[i] = _mm512_setzero_ps();
    }
    // Powers of two far below one keep sums normal and finite.
    const auto a = (__m512bh)_mm512_set1_epi32(0x0D800D80);
    const auto b = (__m512bh)_mm512_set1_epi32(0x3F803F80);
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
            sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
        }
    }
    float result = 0;
    for (int i = 0; i < kChains; ++i) {
        result += _mm512_cvtss_f32(sums[i]);
    }
    return result;
}

__attribute__((target("avx512f,avx512vnni"))) float dot_int8(std::int64_t rounds) {
    __m512i sums[kChains];
    for (int i = 0; i < kChains; ++i) {
        sums[i] = _mm512_setzero_si512();
    }
    const __m512i ones = _mm512_set1_epi8(1);
    for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
        for (int i = 0; i < kChains; ++i) {
            sums[i] = _mm512_dpbusd_epi32(sums[i], ones, ones);
        }
    }
    unsigned result = 0;
    for (int i = 0; i < kChains; ++i) {
        result ^= _mm512_cmpneq_epi32_mask(sums[i], ones);
    }
    return static_cast<float>(result);
}

// The operand of LDTILECFG: tiles of 16 rows of 64 bytes.
struct alignas(64) TileConfiguration {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::array<std::uint8_t, 14> reserved = {};
    std::array<std::uint16_t, 16> column_bytes = {64, 64, 64, 64, 64, 64, 64, 64};
    std::array<std::uint8_t, 16> rows = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Four accumulator tiles fed by two pairs, as in a blocked matrix product.
__attribute__((target("amx-tile,amx-bf16"))) float tiles_bf16(std::int64_t rounds) {
    const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    for (std::int64_t round = 0; round < rounds; ++round) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    alignas(64) std::array<float, 256> tile = {};
    _tile_stored(0, tile.data(), 64);
    _tile_release();
    return tile[0];
}

__attribute__((target("amx-tile,amx-int8"))) float tiles_int8(std::int64_t rounds) {
    const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    for (std::int64_t round = 0; round < rounds; ++round) {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    alignas(64) std::array<std::int32_t, 256> tile = {};
    _tile_stored(0, tile.data(), 64);
    _tile_release();
    return static_cast<float>(tile[0]);
}

// A bit of CPUID leaf 7: not every compiler's built-in test supports these units.
bool leaf7_edx(unsigned bit) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> bit & 1U) != 0;
}

bool has_tiles(unsigned arithmetic_bit) {
    constexpr unsigned kTileBit = 24;
    if (!leaf7_edx(kTileBit) || !leaf7_edx(arithmetic_bit)) {
        return false;
    }
    // Tile registers are large; on Linux a process must request them.
    constexpr long kRequestPermission = 0x1023;
    constexpr long kTileData = 18;
    return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

Unit fp32_unit() {
    if (__builtin_cpu_supports("avx512f")) {
        return {"AVX-512 FMA", fma_avx512, kChains * 16 * 2.0};
    }
    if (__builtin_cpu_supports("fma")) {
        return {"AVX2 FMA", fma_avx2, kChains * 8 * 2.0};
    }
    return {};
}

Unit bf16_unit() {
    constexpr unsigned kTilesBf16 = 22;
    if (has_tiles(kTilesBf16)) {
        return {"AMX", tiles_bf16, 4 * 16 * 16 * 32 * 2.0};
    }
    if (__builtin_cpu_supports("avx512bf16")) {
        return {"AVX512-BF16", dot_bf16, kChains * 32 * 2.0};
    }
    return {};
}

Unit int8_unit() {
    constexpr unsigned kTilesInt8 = 25;
    if (has_tiles(kTilesInt8)) {
        return {"AMX", tiles_int8, 4 * 16 * 16 * 64 * 2.0};
    }
    if (__builtin_cpu_supports("avx512vnni")) {
        return {"AVX512-VNNI", dot_int8, kChains * 64 * 2.0};
    }
    return {};
}

#else

// Eight independent vectors of four; the compiler turns them into native FMA.
float fma_portable(std::int64_t rounds) {
    constexpr int kLanes = 64;
    std::array<float, kLanes> sums = {};
    for (std::int64_t round = 0; round < rounds; ++round) {
        for (float& sum : sums) {
            sum = std::fma(sum, 0.5F, 0.25F);
        }
    }
    float result = 0;
    for (const float sum : sums) {
        result += sum;
    }
    return result;
}

Unit fp32_unit() {
    return {"FMA", fma_portable, 64 * 2.0};
}
Unit bf16_unit() {
    return {};
}
Unit int8_unit() {
    return {};
}

#endif

// Seconds from the first start to the last end of `body(thread)` on all threads together. Each
// thread reads the clock itself: an observing thread might wake up only after the work is over.
template <typename Body>
double time_in_parallel(int threads, Body body) {
    std::barrier gate(threads);
    std::vector<Clock::time_point> starts(static_cast<std::size_t>(threads));
    std::vector<Clock::time_point> ends(starts.size());
    {
        std::vector<std::jthread> workers;
        workers.reserve(starts.size());
        for (std::size_t t = 0; t < starts.size(); ++t) {
            workers.emplace_back([&, t] {
                gate.arrive_and_wait();
                starts[t] = Clock::now();
                body(static_cast<int>(t));
                ends[t] = Clock::now();
            });
        }
    }
    const auto first = *std::min_element(starts.begin(), starts.end());
    const auto last = *std::max_element(ends.begin(), ends.end());
    return std::chrono::duration<double>(last - first).count();
}

volatile float g_keep_alive = 0;  // keeps the compiler from dropping work whose result is unused

PeakRate measure(const Unit& unit, int threads) {
    if (unit.kernel == nullptr) {
        return {};
    }
    constexpr std::int64_t kProbe = 2'000'000;
    const auto run = [&](std::int64_t rounds) {
        return time_in_parallel(threads, [&](int) { g_keep_alive = unit.kernel(rounds); });
    };
    run(kProbe / 10);
    const double probe = std::max(run(kProbe), 1e-6);
    const auto rounds = static_cast<std::int64_t>(kProbe * kRoundSeconds / probe) + 1;
    double best = 0;
    for (int i = 0; i < kRounds; ++i) {
        const double work = unit.operations_per_round * static_cast<double>(rounds) * threads;
        best = std::max(best, work / run(rounds));
    }
    return {best / 1e9, unit.name};
}

double measure_bandwidth(int threads) {
    constexpr std::size_t kFloats = 24UL << 20U;  // three arrays of 96 MB, over all threads
    const std::size_t slice = kFloats / static_cast<std::size_t>(threads);
    std::vector<float> a(kFloats);
    const std::vector<float> b(kFloats, 1.0F);
    const std::vector<float> c(kFloats, 2.0F);
    double best = 0;
    for (int i = 0; i < kRounds; ++i) {
        const auto scale = static_cast<float>(i);
        const double seconds = time_in_parallel(threads, [&](int t) {
            const std::size_t begin = slice * static_cast<std::size_t>(t);
            for (std::size_t k = begin; k < begin + slice; ++k) {
                a[k] = b[k] + scale * c[k];
            }
        });
        g_keep_alive = a[slice / 2];
        const auto bytes = static_cast<double>(3 * sizeof(float) * slice) * threads;
        best = std::max(best, bytes / seconds);
    }
    return best / 1e9;
}

}  // namespace

MachinePeak measure_machine_peak(int threads) {
    return {measure(fp32_unit(), threads), measure(bf16_unit(), threads),
            measure(int8_unit(), threads), measure_bandwidth(threads)};
}

}  // namespace embedmask::cli
