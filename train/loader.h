// Batches in order, made ahead of time by several threads.
#pragma once

#include <deque>
#include <future>
#include <vector>

#include "train/sample.h"
#include "train/sampler.h"

namespace embedmask::train {

struct LoaderOptions {
    std::int64_t workers = 4;  ///< batches made at the same time; 0 = in the calling thread
    std::int64_t seed = 0;
    std::int64_t first = 0;  ///< number of the first batch that `next` gives
    int rank = 0;
    bool pinned = false;  ///< in memory that a GPU copies from quickly
};

/// At most 2·workers batches wait. The k-th batch is the same whatever the number of workers.
/// One thread calls.
class Loader {
public:
    Loader(SampleMaker maker, Sampler sampler, const Config& config, const LoaderOptions& options);

    ~Loader() = default;
    Loader(const Loader&) = delete;  // batches that are being made point to it
    Loader& operator=(const Loader&) = delete;

    /// Error of an image that cannot be read.
    Batch next();

private:
    [[nodiscard]] Batch make(const std::vector<std::int64_t>& indices, std::int64_t number) const;

    SampleMaker maker_;
    Sampler sampler_;
    Config config_;
    LoaderOptions options_;
    std::int64_t number_ = 0;  // of the next batch to be started
    std::deque<std::future<Batch>> waiting_;
};

/// Samples side by side in one padded tensor (§2.5).
Batch collate(const std::vector<Sample>& samples, const Config& config);

}  // namespace embedmask::train
