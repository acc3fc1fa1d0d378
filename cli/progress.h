// What people see of a run over many images.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "scoring/predict_images.h"

namespace embedmask::cli {

/// A progress line, only where stderr is a terminal.
class Progress {
public:
    explicit Progress(std::size_t total);
    void update(std::size_t done);
    void clear() const;  ///< before another line is printed
    void finish() const { clear(); }

private:
    std::size_t total_;
    bool shown_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
};

/// "500 photos in 40.12 s (12.46 photos/s)".
std::string speed_of(const scoring::RunTotals& totals);

/// "per photo: decode 1.8 + preprocess 1.0 | network 67.2 | masks 1.6 + write 6.10 ms"; `use` names
/// what is done with a prediction.
std::string stages_of(const scoring::RunTotals& totals, const char* use);

}  // namespace embedmask::cli
