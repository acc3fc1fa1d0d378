// Data-parallel loops over independent items.
#pragma once

#include <cstddef>
#include <functional>

namespace embedmask::detail {

/// Calls `body(i)` once for every i in [0, count), on at most `threads` threads including the
/// caller's. Items are handed out one by one, which balances uneven items. Any thread may run any
/// item, so `body` must write only data of item i. The first exception thrown by `body` is rethrown
/// after all threads have stopped.
///
/// Each call starts its threads (about 30 us each); the work must be worth more than that.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

/// Number of processors available to this process, at least 1: its affinity mask, or the CPU quota
/// of its container if that is smaller.
int available_processors();

}  // namespace embedmask::detail
