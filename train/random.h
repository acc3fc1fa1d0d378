// Random numbers that depend on their purpose, never on the order of calls.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>

namespace embedmask::train {

/// A generator for one purpose: equal keys (seed, iteration, rank, position in the batch, ...) give
/// equal numbers, independent of earlier calls and of the number of threads. Needs no state in a
/// checkpoint.
inline std::mt19937_64 random_for(std::initializer_list<std::int64_t> keys) {
    std::uint64_t state = 0x9E3779B97F4A7C15ULL;
    for (const std::int64_t key : keys) {
        // Applies the finaliser of SplitMix64 after each key.
        state += static_cast<std::uint64_t>(key) + 0x9E3779B97F4A7C15ULL;
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ULL;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EBULL;
        state ^= state >> 31;
    }
    return std::mt19937_64(state);
}

/// Uniform in [0, 1).
inline double uniform(std::mt19937_64& random) {
    return static_cast<double>(random() >> 11) * 0x1.0p-53;
}

/// Uniform integer in [low, high].
inline std::int64_t uniform_int(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(random() % span);
}

}  // namespace embedmask::train
