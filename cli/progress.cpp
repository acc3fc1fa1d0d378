#include "progress.h"

#include <fmt/format.h>

#include "command.h"

namespace embedmask::cli {

Progress::Progress(std::size_t total)
    : total_(total), shown_(stderr_is_terminal()), start_(std::chrono::steady_clock::now()) {}

void Progress::update(std::size_t done) {
    const auto now = std::chrono::steady_clock::now();
    // Often enough to look alive, seldom enough to cost nothing.
    if (!shown_ || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = static_cast<double>(done) / seconds;
    fmt::print(stderr, "\r{}/{}  {:.1f} photos/s  {:.0f} s left \x1b[K", done, total_, rate,
               static_cast<double>(total_ - done) / rate);
    std::fflush(stderr);
}

void Progress::clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace embedmask::cli
