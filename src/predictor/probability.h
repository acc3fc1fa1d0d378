// The probabilities behind a mask, for visualisation (the paper's Fig. 3).
#pragma once

#include <vector>

#include "embedmask/predictor.h"
#include "mask/coupling.h"

namespace embedmask::detail {

/// Probability maps over the image's part of the quarter-resolution grid, row-major, in [0, 1].
/// The product of `spatial_aware` and `spatial_free` is `fused` (paper, eq. 3).
class ProbabilityMaps {
public:
    /// `prediction` must hold embeddings and outlive this.
    ProbabilityMaps(const Prediction& prediction, const Config& config);

    [[nodiscard]] ImageSize size() const { return size_; }
    [[nodiscard]] std::vector<float> spatial_aware(std::size_t detection) const;
    [[nodiscard]] std::vector<float> spatial_free(std::size_t detection) const;
    [[nodiscard]] std::vector<float> fused(std::size_t detection) const;

private:
    [[nodiscard]] std::vector<float> map(std::size_t detection, int first, int last) const;

    const Embeddings& embeddings_;
    ImageSize size_;
    mask::Coupling coupling_;
};

}  // namespace embedmask::detail
