// Draws an image twice: ground truth on the left, detections on the right.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <vector>

#include "embedmask/dataset.h"
#include "embedmask/image.h"
#include "embedmask/results.h"

namespace embedmask::report {

class SideBySide {
public:
    /// Detections below `score_threshold` are left out; without results only the ground truth is
    /// drawn.
    SideBySide(const Dataset& dataset, std::span<const Result> results,
               std::filesystem::path folder, double score_threshold);

    /// Error if the image cannot be read.
    [[nodiscard]] Image draw(const ImageRecord& record) const;

private:
    const Dataset& dataset_;
    std::span<const Result> results_;
    std::filesystem::path folder_;
    std::multimap<std::int64_t, std::size_t> annotations_;  // by image id
    std::multimap<std::int64_t, std::size_t> detections_;
};

}  // namespace embedmask::report
