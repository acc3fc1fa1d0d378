// Processes items in parallel and delivers the results in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace embedmask::detail {

/// Calls `process(i)` for i in [0, count) on `workers` threads and `sink(i, result)` in ascending
/// order of i, one call at a time. Workers never run more than 2·workers items ahead of the sink,
/// which bounds the memory. The first exception stops everything and is rethrown.
template <typename Process, typename Sink>
void run_ordered(std::size_t count, int workers, Process process, Sink sink) {
    using Output = decltype(process(std::size_t{0}));
    const auto threads =
        std::min<std::size_t>(count, static_cast<std::size_t>(std::max(workers, 1)));
    std::mutex mutex;
    std::condition_variable progress;
    std::map<std::size_t, Output> finished;
    std::size_t next = 0;
    std::size_t emitted = 0;
    std::exception_ptr failure;

    const auto work = [&] {
        std::unique_lock lock(mutex);
        while (!failure && next < count) {
            const std::size_t item = next++;
            progress.wait(lock, [&] { return failure || item < emitted + 2 * threads; });
            if (failure) {
                return;
            }
            lock.unlock();
            try {
                Output result = process(item);
                lock.lock();
                finished.emplace(item, std::move(result));
                while (!failure && !finished.empty() && finished.begin()->first == emitted) {
                    sink(emitted, std::move(finished.begin()->second));
                    finished.erase(finished.begin());
                    ++emitted;
                }
            } catch (...) {
                if (!lock.owns_lock()) {
                    lock.lock();
                }
                if (!failure) {
                    failure = std::current_exception();
                }
            }
            progress.notify_all();
        }
    };
    {
        std::vector<std::jthread> helpers;
        for (std::size_t t = 1; t < threads; ++t) {
            helpers.emplace_back(work);
        }
        work();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace embedmask::detail
