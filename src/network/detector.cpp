#include "network/detector.h"

#include "config/detector.h"

namespace embedmask::network {

DetectorFeatures features_of(const Config& config) {
    const bool centered = detail::detector_of(config.detector).at_cell_centers;
    DetectorFeatures features;
    for (const std::int64_t stride : config.strides) {
        const auto side = static_cast<int>(stride);
        DetectorLevel level;
        level.grid = centered ? Grid::centered(side) : Grid{side, 0};
        level.box_unit = config.norm_reg_targets ? static_cast<double>(stride) : 1;
        features.levels.push_back(level);
    }
    return features;
}

}  // namespace embedmask::network
