// Compares two predictors on images.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <vector>

#include "embedmask/predictor.h"
#include "evaluation/overlap.h"

namespace embedmask::testing {

struct Agreement {
    std::size_t total = 0;
    std::size_t agreeing = 0;

    [[nodiscard]] double share() const {
        return static_cast<double>(agreeing) / static_cast<double>(total);
    }
};

/// How many detections of `exact` above 0.3 `other` finds too, of the same category, with box and
/// mask IoU >= 0.95.
inline Agreement agreement(const Predictor& exact, const Predictor& other,
                           const std::vector<std::filesystem::path>& images) {
    constexpr float kScore = 0.3F;
    constexpr double kIou = 0.95;
    Agreement result;
    for (const std::filesystem::path& file : images) {
        const Image image = read_image(file);
        const Prediction a = exact.predict(image);
        const Prediction b = other.predict(image);
        for (const Detection& detection : a.detections) {
            if (detection.score <= kScore) {
                continue;
            }
            ++result.total;
            const auto same = [&](const Detection& found) {
                return found.category_id == detection.category_id &&
                       detail::iou(detection.box, found.box, false) >= kIou &&
                       mask_iou(detection.mask, found.mask) >= kIou;
            };
            result.agreeing += std::ranges::any_of(b.detections, same) ? 1U : 0U;
        }
    }
    return result;
}

}  // namespace embedmask::testing
