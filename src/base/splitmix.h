// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>

namespace embedmask::detail {

/// The next number of SplitMix64 (Steele, Lea and Flood 2014); moves `state` on.
inline std::uint64_t splitmix64(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

}  // namespace embedmask::detail
