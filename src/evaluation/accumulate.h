// Computes precision and recall from the matches of one category (spec §8.7).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/evaluation.h"

namespace embedmask::detail {

inline constexpr std::size_t kRecallPoints = 101;

/// Data kept per detection; its bits are in CategoryMatches at the same index.
struct MatchedDetection {
    double score = 0;
    std::int64_t image_id = 0;
    std::uint32_t rank = 0;   // rank by score among the detections of its image and category
    std::uint32_t index = 0;  // index of its bits
};

/// Ground truths that count in the first area range, kept for resampling and per-image scores.
struct ImagePositives {
    std::int64_t image_id = 0;
    std::uint32_t count = 0;
};

/// All matches of one category.
struct CategoryMatches {
    std::vector<MatchedDetection> detections;
    std::vector<std::uint64_t> matched;  // Matcher::words() for each
    std::vector<std::uint64_t> ignored;
    std::vector<std::uint64_t> positives;  // per area range
    std::vector<ImagePositives> images;

    /// Descending score; equal scores by image id, then rank: the order of COCO's stable sort.
    void sort();
};

/// Recall point r: numpy's linspace(0, 1, 101).
inline double recall_point(std::size_t r) {
    return r + 1 == kRecallPoints ? 1.0 : static_cast<double>(r) * 0.01;
}

/// Fills the entries of category k.
void accumulate(const CategoryMatches& matches, std::size_t k, Evaluation& evaluation);

/// The runs of one cell of a category; none without ground truth.
std::span<const PrecisionRun> runs_of(const Evaluation& evaluation, std::size_t t, std::size_t k,
                                      std::size_t a, std::size_t m);

/// The pairwise sum of numpy's mean; a plain sum would differ in the last bits.
double pairwise_sum(std::span<const double> values);

/// The mean of the values above -1, or -1 if there are none.
double mean_of_defined(std::vector<double> values);

}  // namespace embedmask::detail
