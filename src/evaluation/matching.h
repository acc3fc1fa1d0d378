// Matches the detections of one image and category to its ground truths (spec §8.7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/evaluation.h"

namespace embedmask::detail {

/// One image and category: detections by descending score, IoU row by row.
struct MatchProblem {
    std::span<const double> iou;              // [detection][ground truth]; empty if either is
    std::span<const double> detection_areas;  // pixels
    std::span<const double> truth_areas;
    std::span<const std::uint8_t> crowd;
    std::span<const std::int64_t> truth_ids;
};

/// Bits [area range][threshold], 64 to a word.
struct MatchBits {
    std::vector<std::uint64_t> matched;  // words() for each detection
    std::vector<std::uint64_t> ignored;
    std::vector<std::uint32_t> positives;  // per area range: ground truths that count
};

/// Scratch memory is reused between calls; use one matcher per thread.
class Matcher {
public:
    explicit Matcher(const EvaluationOptions& options);

    [[nodiscard]] std::size_t words() const { return words_; }
    void match(const MatchProblem& problem, MatchBits& bits);

private:
    void match_area(const MatchProblem& problem, std::size_t range, MatchBits& bits);

    const EvaluationOptions& options_;
    std::size_t words_;
    std::vector<double> best_;           // highest IoU of each detection
    std::vector<std::size_t> order_;     // ground truths; those that count come first
    std::vector<std::uint8_t> ignored_;  // of order_
    std::vector<std::uint8_t> taken_;
};

}  // namespace embedmask::detail
