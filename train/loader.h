// Prefetches batches with several threads and delivers them in order.
#pragma once

#include <deque>
#include <future>
#include <vector>

#include "train/sample.h"
#include "train/sampler.h"

namespace embedmask::train {

struct LoaderOptions {
    std::int64_t workers = 4;  ///< batches prepared concurrently; 0 = in the calling thread
    std::int64_t seed = 0;
    std::int64_t first = 0;  ///< number of the first batch that `next` returns
    int rank = 0;
    bool pinned = false;  ///< pinned memory, for fast copies to a GPU
};

/// Queues at most 2·workers batches. The k-th batch does not depend on the number of workers. Call
/// from one thread only.
class Loader {
public:
    Loader(SampleMaker maker, Sampler sampler, const Config& config, const LoaderOptions& options);

    ~Loader() = default;
    Loader(const Loader&) = delete;  // batches in preparation point to it
    Loader& operator=(const Loader&) = delete;

    /// Error if an image cannot be read.
    Batch next();

private:
    [[nodiscard]] Batch make(const std::vector<std::int64_t>& indices, std::int64_t number) const;

    SampleMaker maker_;
    Sampler sampler_;
    Config config_;
    LoaderOptions options_;
    std::int64_t number_ = 0;  // number of the next batch to start
    std::deque<std::future<Batch>> waiting_;
};

/// Collates samples into one padded tensor (§2.5).
Batch collate(const std::vector<Sample>& samples, const Config& config);

}  // namespace embedmask::train
