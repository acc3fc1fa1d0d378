#include "progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/standard_output.h"
#include "command.h"

namespace embedmask::cli {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

}  // namespace

Progress::Progress() : shown_(stderr_is_terminal()), start_(detail::Clock::now()) {}

void Progress::update(std::size_t done, std::size_t total) {
    const auto now = detail::Clock::now();
    // Frequent enough to look alive, rare enough to cost nothing.
    if (!shown_ || now - last_ < std::chrono::milliseconds(100)) {
        return;
    }
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = static_cast<double>(done) / seconds;
    detail::say("\r{}/{}  {:.1f} images/s  {:.0f} s left \x1b[K", done, total, rate,
                static_cast<double>(total - done) / rate);
    std::fflush(stderr);
}

void Progress::clear() const {
    if (shown_) {
        detail::say("\r\x1b[K");
    }
}

std::string speed_of(const scoring::RunTotals& totals) {
    return fmt::format(
        "{} in {:.2f} s ({:.2f} images/s)", counted(totals.predicted(), "image"),
        totals.wall / kMillisecondsPerSecond,
        static_cast<double>(totals.predicted()) * kMillisecondsPerSecond / totals.wall);
}

std::string stages_of(const scoring::RunTotals& totals, const char* use) {
    const auto count = static_cast<double>(std::max<std::size_t>(totals.predicted(), 1));
    return fmt::format(
        "per image: decode {:.1f} + preprocess {:.1f} | network {:.1f} | masks {:.1f} + {} {:.2f} "
        "ms",
        totals.decode / count, totals.preprocess / count, totals.network / count,
        totals.masks / count, use, totals.use / count);
}

}  // namespace embedmask::cli
