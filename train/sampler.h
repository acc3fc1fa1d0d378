// Assigns images to batches (§2.8).
#pragma once

#include <cstdint>
#include <vector>

#include "embedmask/config.h"
#include "embedmask/image.h"

namespace embedmask::train {

struct SamplerOptions {
    std::int64_t batch = 1;  ///< images per batch of this rank
    std::int64_t parts = 1;  ///< batches per iteration (accumulation)
    std::int64_t seed = 0;   ///< offset added to the iteration number that seeds a pass
    std::int64_t start = 0;  ///< iteration at which the first pass starts
    int rank = 0;
    int world = 1;
    bool group_by_aspect = true;
    bool complete_only = false;  ///< the "detectron2" sampler: no incomplete batches
};

/// An infinite stream of batches that depends only on its arguments: to resume, create it again
/// with the same `start` and skip the used batches.
class Sampler {
public:
    /// `sizes`: the stored image sizes. `weights`: how often each image appears in a pass (1 =
    /// once); the fractional part is drawn again in every pass. Empty = all once.
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
    std::int64_t used_ = 0;                              // batches returned so far
    std::size_t position_ = 0;                           // in `batches_`
    std::vector<std::vector<std::int64_t>> batches_;     // of this pass
    std::vector<std::vector<std::int64_t>> unfinished_;  // by group; complete_only
};

}  // namespace embedmask::train
