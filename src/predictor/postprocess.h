// Converts network outputs to the detections of one image (spec §7).
#pragma once

#include <unordered_set>
#include <vector>

#include "detection/candidates.h"
#include "embedmask/predictor.h"
#include "engine/engine.h"
#include "mask/coupling.h"

namespace embedmask::detail {

/// Const after construction; thread-safe.
class Postprocess {
public:
    Postprocess(const Config& config, const std::vector<Category>& categories,
                const PredictorOptions& options);

    /// Detections of image `index` of the batch in `request`, with the time taken by selection and
    /// masks.
    [[nodiscard]] Prediction run(const engine::Request& request, std::int64_t index,
                                 const mask::Geometry& geometry) const;

private:
    [[nodiscard]] std::vector<detection::Candidate> select(const engine::Request& request,
                                                           std::int64_t index,
                                                           const mask::Geometry& geometry) const;
    [[nodiscard]] bool wanted(const detection::Candidate& candidate) const;
    [[nodiscard]] CocoBox result_box(const Box& box, const mask::Geometry& geometry) const;
    [[nodiscard]] Embeddings::Proposal proposal(const engine::Request& request, std::int64_t index,
                                                const detection::Candidate& candidate) const;

    Config config_;
    std::vector<Category> categories_;
    std::unordered_set<int> labels_;       // requested labels, empty = all
    std::vector<double> mask_thresholds_;  // the configured threshold, then those of the sweep
    float score_threshold_ = 0;
    int threads_ = 1;
    bool keep_embeddings_ = false;
};

}  // namespace embedmask::detail
