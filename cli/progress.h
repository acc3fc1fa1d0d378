// Progress output of a run over many images.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"
#include "scoring/predict_images.h"

namespace embedmask::cli {

/// A progress line, shown only if stderr is a terminal.
class Progress {
public:
    Progress();
    void update(std::size_t done, std::size_t total);
    void clear() const;  ///< before another line is printed
    void finish() const { clear(); }

private:
    bool shown_;
    detail::Clock::time_point start_;
    detail::Clock::time_point last_;
};

/// "500 images in 40.12 s (12.46 images/s)".
std::string speed_of(const scoring::RunTotals& totals);

/// "per image: decode 1.8 + preprocess 1.0 | network 67.2 | masks 1.6 + write 6.10 ms"; `use` names
/// the stage that uses a prediction.
std::string stages_of(const scoring::RunTotals& totals, const char* use);

}  // namespace embedmask::cli
