#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cpu_quota.h"

namespace embedmask::detail {

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body) {
    const auto workers =
        std::min<std::size_t>(count, static_cast<std::size_t>(std::max(threads, 1)));
    if (workers <= 1) {
        for (std::size_t i = 0; i < count; ++i) {
            body(i);
        }
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto run = [&] {
        try {
            for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
                body(i);
            }
        } catch (...) {
            next.store(count);
            const std::scoped_lock lock(failure_mutex);
            if (!failure) {
                failure = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> helpers;
        helpers.reserve(workers - 1);
        for (std::size_t t = 1; t < workers; ++t) {
            helpers.emplace_back(run);
        }
        run();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

namespace {

int allowed_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    return std::max(1, CPU_COUNT(&set));
}

}  // namespace

int available_processors() {
    static const int kQuota = cpu_quota().value_or(std::numeric_limits<int>::max());
    return std::min(allowed_processors(), kQuota);
}

}  // namespace embedmask::detail
