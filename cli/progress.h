// A progress line for people: only where stderr is a terminal.
#pragma once

#include <chrono>
#include <cstddef>

namespace embedmask::cli {

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

}  // namespace embedmask::cli
