// Which images make up which batch (§2.8).
#pragma once

#include <cstdint>
#include <vector>

#include "embedmask/config.h"
#include "embedmask/image.h"

namespace embedmask::train {

struct SamplerOptions {
    std::int64_t batch = 1;  ///< images of one batch of this rank
    std::int64_t parts = 1;  ///< batches that make up one iteration (accumulation)
    std::int64_t seed = 0;   ///< added to the iteration number that seeds a pass
    std::int64_t start = 0;  ///< iteration at which the first pass begins
    int rank = 0;
    int world = 1;
    bool group_by_aspect = true;
    bool complete_only = false;  ///< the "detectron2" sampler: no incomplete batches
};

/// An endless stream of batches, a function of its arguments alone: to resume, make it again with
/// the same `start` and skip what was used.
class Sampler {
public:
    /// `sizes`: of the images as stored. `weights`: how often each appears in a pass (1 = once);
    /// the fraction is drawn anew in every pass. Empty = all once.
    Sampler(std::vector<ImageSize> sizes, std::vector<double> weights,
            const SamplerOptions& options);

    /// Indices of the next batch.
    std::vector<std::int64_t> next();
    void skip(std::int64_t batches);

private:
    void begin_pass();
    [[nodiscard]] std::vector<std::int64_t> draw(std::int64_t seed) const;
    [[nodiscard]] std::size_t group(std::int64_t index) const;
    void append(const std::vector<std::int64_t>& chunk);

    std::vector<ImageSize> sizes_;
    std::vector<double> weights_;
    SamplerOptions options_;
    std::int64_t used_ = 0;                              // batches handed out
    std::size_t position_ = 0;                           // in `batches_`
    std::vector<std::vector<std::int64_t>> batches_;     // of this pass
    std::vector<std::vector<std::int64_t>> unfinished_;  // by group; complete_only
};

}  // namespace embedmask::train
