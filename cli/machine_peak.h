// Measures the peak performance of this machine, the reference for `embedmask bench`.
#pragma once

#include <string>

namespace embedmask::cli {

/// The peak rate of one kind of arithmetic. A multiply-add counts as two operations.
struct PeakRate {
    double giga_per_second = 0;  ///< 0 if the processor has no such unit
    std::string unit;            ///< the unit that computed it, e.g. "AVX-512 FMA"
};

struct MachinePeak {
    PeakRate fp32;
    PeakRate bf16;
    PeakRate int8;
    double bandwidth = 0;  ///< GB/s of a = b + s·c over arrays far larger than any cache
};

/// Measures on `threads` threads concurrently and keeps the best of several rounds, which is the
/// least disturbed one on a shared machine. Takes about two seconds.
MachinePeak measure_machine_peak(int threads);

}  // namespace embedmask::cli
