// Data-parallel loops over independent items.
#pragma once

#include <cstddef>
#include <functional>

namespace embedmask::detail {

/// Calls `body(i)` once for every i in [0, count), on at most `threads` threads including the
/// caller's. Items are handed out one by one, so uneven items balance; which thread runs an item is
/// not fixed, so `body` must write only what belongs to item i. The first exception thrown by a
/// body is rethrown here after all threads have stopped.
///
/// Threads are started for the call (about 30 us each): give work worth more than that.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

/// Number of processors that this process may run on (its affinity mask), at least 1.
int available_processors();

}  // namespace embedmask::detail
