/// @file
/// Error analysis: confusion between categories, and the lost AP by kind of error (TIDE).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "embedmask/evaluation.h"
#include "embedmask/export.h"

namespace embedmask {

/// A cell of a confusion matrix that is not 0.
struct ConfusionCell {
    std::size_t truth = 0;    ///< row
    std::size_t found = 0;    ///< column
    std::uint64_t count = 0;  ///< objects

    /// Equal in all members.
    bool operator==(const ConfusionCell&) const = default;
};

/// What each ground truth was detected as. Rows are true categories, columns detected ones, in the
/// order of `categories`; the last row and column are background.
struct ConfusionMatrix {
    std::vector<std::int64_t> categories;  ///< ascending ids
    std::vector<ConfusionCell> cells;      ///< by row, then column

    /// The count of a row and a column.
    [[nodiscard]] std::uint64_t at(std::size_t truth, std::size_t found) const {
        const auto cell = std::lower_bound(
            cells.begin(), cells.end(), std::pair(truth, found),
            [](const ConfusionCell& a, const std::pair<std::size_t, std::size_t>& b) {
                return std::pair(a.truth, a.found) < b;
            });
        return cell != cells.end() && cell->truth == truth && cell->found == found ? cell->count
                                                                                   : 0;
    }
};

/// Detections with a score of at least `score_threshold`, in descending order, are matched to the
/// unmatched ground truth with the highest IoU if it is at least `iou_threshold`, whatever its
/// category; on ties one of the same category wins. Crowds are not matched; an unmatched detection
/// inside a crowd of its category is not counted. `threads` 0: all processors. Error for unknown
/// ids; with `ignore_unknown_categories`, detections of unknown categories are left out.
EMBEDMASK_EXPORT ConfusionMatrix confusion_matrix(const Dataset& dataset,
                                                  std::span<const Result> results, IouType type,
                                                  double score_threshold = 0.3,
                                                  double iou_threshold = 0.5, int threads = 0,
                                                  bool ignore_unknown_categories = false);

/// TIDE (Bolya et al. 2020), equal to tidecv 1.0.1. In AP50 points (0..100): the AP itself, and the
/// points gained if all errors of one kind were fixed.
struct TideErrors {
    double ap = 0;              ///< AP50
    double classification = 0;  ///< right place, wrong category
    double localization = 0;    ///< right category, IoU too low
    double both = 0;            ///< wrong category and IoU too low
    double duplicate = 0;       ///< a second detection of an object
    double background = 0;      ///< a detection without an object
    double missed = 0;          ///< an object without a detection
    double false_positive = 0;  ///< gain without false positives
    double false_negative = 0;  ///< gain without false negatives

    std::size_t cut_images = 0;         ///< images with more than 100 detections, the rest left out
    std::size_t absent_categories = 0;  ///< detected, without objects: each counts as an AP of 0
};

/// `type` is bbox or segm; the 100 best detections of an image count, over all categories.
/// `threads` 0: all processors. Error for unknown ids; with `ignore_unknown_categories`, detections
/// of unknown categories are left out.
EMBEDMASK_EXPORT TideErrors tide_errors(const Dataset& dataset, std::span<const Result> results,
                                        IouType type, int threads = 0,
                                        bool ignore_unknown_categories = false);

}  // namespace embedmask
