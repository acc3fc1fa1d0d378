// What this machine can do at most: the yardstick of `embedmask bench`.
#pragma once

#include <string>

namespace embedmask::cli {

/// The highest rate of one kind of arithmetic. A multiply-add counts as two operations.
struct PeakRate {
    double giga_per_second = 0;  ///< 0 when the processor has no such unit
    std::string unit;            ///< what computed it, e.g. "AVX-512 FMA"
};

struct MachinePeak {
    PeakRate fp32;
    PeakRate bf16;
    PeakRate int8;
    double bandwidth = 0;  ///< GB/s of a = b + s·c over arrays far larger than any cache
};

/// Measures on `threads` threads at the same time and keeps the best of several rounds: on a shared
/// machine the best one is the one least disturbed. Takes about two seconds.
MachinePeak measure_machine_peak(int threads);

}  // namespace embedmask::cli
