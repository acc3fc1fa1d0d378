#include "predictor/probability.h"

#include <cmath>

namespace embedmask::detail {

ProbabilityMaps::ProbabilityMaps(const Prediction& prediction, const Config& config)
    : embeddings_(*prediction.embeddings),
      size_{(embeddings_.content.width + 3) / 4, (embeddings_.content.height + 3) / 4},
      coupling_(embeddings_.pixels, embeddings_.dims,
                {prediction.size, embeddings_.content, embeddings_.padded},
                mask::CouplingOptions::of(config)) {}

std::vector<float> ProbabilityMaps::spatial_aware(std::size_t detection) const {
    return map(detection, 0, embeddings_.spatial_dims);
}

std::vector<float> ProbabilityMaps::spatial_free(std::size_t detection) const {
    return map(detection, embeddings_.spatial_dims, embeddings_.dims);
}

std::vector<float> ProbabilityMaps::fused(std::size_t detection) const {
    return map(detection, 0, embeddings_.dims);
}

std::vector<float> ProbabilityMaps::map(std::size_t detection, int first, int last) const {
    const Embeddings::Proposal& proposal = embeddings_.proposals[detection];
    const mask::Plane plane =
        coupling_.log_probability(proposal.embedding, proposal.margin, first, last);
    std::vector<float> rows;
    rows.reserve(static_cast<std::size_t>(size_.width) * size_.height);
    for (int y = 0; y < size_.height; ++y) {
        for (int x = 0; x < size_.width; ++x) {
            rows.push_back(std::exp(plane.values[static_cast<std::size_t>(x) * plane.height + y]));
        }
    }
    return rows;
}

}  // namespace embedmask::detail
