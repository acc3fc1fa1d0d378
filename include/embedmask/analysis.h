/// Where the errors are: confusion between categories, and the TIDE split of lost AP.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "embedmask/evaluation.h"
#include "embedmask/export.h"

namespace embedmask {

/// Counts of what each ground truth was taken for. Row: true category, column: detected category,
/// in the order of `categories`; the last row and column are background.
struct ConfusionMatrix {
    std::vector<std::int64_t> categories;  ///< ascending ids
    std::vector<std::uint64_t> counts;     ///< (categories + 1) x (categories + 1), row-major

    [[nodiscard]] std::uint64_t at(std::size_t truth, std::size_t found) const {
        return counts[truth * (categories.size() + 1) + found];
    }
};

/// Detections of at least `score` by falling score take the free ground truth of highest IoU, if
/// that reaches `iou`, whatever its category (of equal IoUs one of their own category). Crowds are
/// no ground truth; a detection left over that lies in one of its category is not counted.
EMBEDMASK_EXPORT ConfusionMatrix confusion_matrix(const Dataset& dataset,
                                                  std::span<const Result> results, IouType type,
                                                  double score = 0.3, double iou = 0.5,
                                                  int threads = 0);

/// TIDE (Bolya et al. 2020), equal to tidecv 1.0.1: AP50 in points (0..100), and the points gained
/// if all errors of one kind were repaired.
struct TideErrors {
    double ap = 0;
    double classification = 0;
    double localisation = 0;
    double both = 0;
    double duplicate = 0;
    double background = 0;
    double missed = 0;
    double false_positive = 0;  ///< if no false positive scored above a true one
    double false_negative = 0;  ///< if every missed ground truth were not there
};

/// `type` bbox or segm; 100 detections an image count.
EMBEDMASK_EXPORT TideErrors tide_errors(const Dataset& dataset, std::span<const Result> results,
                                        IouType type, int threads = 0);

}  // namespace embedmask
