#include <algorithm>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "base/parallel.h"
#include "embedmask/analysis.h"
#include "evaluation/image_overlaps.h"

namespace embedmask {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// The unmatched ground truth to assign to detection `d`, or kNone.
std::size_t best_truth(const detail::ImageObjects& objects, const detail::ImageOverlaps& overlaps,
                       std::size_t d, const std::vector<bool>& taken, double threshold) {
    const std::int64_t own = objects.detections[overlaps.detections[d]].category_id;
    std::size_t best = kNone;
    double best_iou = threshold;
    bool best_own = false;
    for (std::size_t g = 0; g < overlaps.truths.size(); ++g) {
        const double iou = overlaps.iou[d * overlaps.truths.size() + g];
        const bool is_own = objects.truths[overlaps.truths[g]].category_id == own;
        if (taken[g] || iou < best_iou) {
            continue;
        }
        if (best != kNone && iou == best_iou && (best_own || !is_own)) {
            continue;
        }
        best = g;
        best_iou = iou;
        best_own = is_own;
    }
    return best;
}

bool in_crowd(const detail::ImageObjects& objects, const detail::ImageOverlaps& overlaps,
              std::size_t d, double threshold) {
    const std::int64_t own = objects.detections[overlaps.detections[d]].category_id;
    for (std::size_t g = 0; g < overlaps.crowds.size(); ++g) {
        if (objects.truths[overlaps.crowds[g]].category_id == own &&
            overlaps.crowd_iou[d * overlaps.crowds.size() + g] >= threshold) {
            return true;
        }
    }
    return false;
}

}  // namespace

ConfusionMatrix confusion_matrix(const Dataset& dataset, std::span<const Result> results,
                                 IouType type, double score_threshold, double iou_threshold,
                                 int threads, bool ignore_unknown_categories) {
    const detail::ObjectSource source(dataset, results, "results",
                                      {.ignore_unknown_categories = ignore_unknown_categories});
    if (type != IouType::bbox) {
        source.require_masks();
    }
    ConfusionMatrix matrix;
    for (const Category& category : dataset.categories) {
        matrix.categories.push_back(category.id);
    }
    std::sort(matrix.categories.begin(), matrix.categories.end());
    matrix.categories.erase(std::unique(matrix.categories.begin(), matrix.categories.end()),
                            matrix.categories.end());
    const std::size_t background = matrix.categories.size();
    const std::uint64_t width = background + 1;
    std::unordered_map<std::uint64_t, std::uint64_t> counts;  // by row * width + column
    const auto position = [&](std::int64_t id) {
        const auto found = std::lower_bound(matrix.categories.begin(), matrix.categories.end(), id);
        return static_cast<std::size_t>(found - matrix.categories.begin());
    };
    const auto is_known = [&](std::int64_t id) {
        return std::binary_search(matrix.categories.begin(), matrix.categories.end(), id);
    };
    std::mutex mutex;
    detail::parallel_for(
        source.images().size(), threads > 0 ? threads : detail::available_processors(),
        [&](std::size_t i) {
            const detail::ImageObjects objects = source.objects(i, type != IouType::bbox);
            const detail::ImageOverlaps overlaps =
                detail::image_overlaps(objects, type, score_threshold, kNone);
            std::vector<bool> taken(overlaps.truths.size(), false);
            std::vector<std::pair<std::size_t, std::size_t>> cells;
            for (std::size_t d = 0; d < overlaps.detections.size(); ++d) {
                const std::size_t column =
                    position(objects.detections[overlaps.detections[d]].category_id);
                const std::size_t g = best_truth(objects, overlaps, d, taken, iou_threshold);
                if (g != kNone) {
                    taken[g] = true;
                    const auto id = objects.truths[overlaps.truths[g]].category_id;
                    if (is_known(id)) {
                        cells.emplace_back(position(id), column);
                    }
                } else if (!in_crowd(objects, overlaps, d, iou_threshold)) {
                    cells.emplace_back(background, column);
                }
            }
            for (std::size_t g = 0; g < taken.size(); ++g) {
                const auto id = objects.truths[overlaps.truths[g]].category_id;
                if (!taken[g] && is_known(id)) {
                    cells.emplace_back(position(id), background);
                }
            }
            const std::lock_guard lock(mutex);
            for (const auto& [row, column] : cells) {
                ++counts[row * width + column];
            }
        });
    for (const auto& [cell, count] : counts) {
        matrix.cells.push_back({cell / width, cell % width, count});
    }
    std::ranges::sort(matrix.cells, {},
                      [](const ConfusionCell& cell) { return std::pair(cell.truth, cell.found); });
    return matrix;
}

}  // namespace embedmask
