#include "evaluation/accumulate.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace embedmask {

namespace {

/// A point of the curve: after this many true positives, at this precision and score.
struct CurvePoint {
    double recall = 0;
    double precision = 0;
    double score = 0;
};

}  // namespace

void CategoryMatches::sort() {
    std::sort(detections.begin(), detections.end(),
              [](const MatchedDetection& a, const MatchedDetection& b) {
                  return std::tuple(-a.score, a.image_id, a.rank) <
                         std::tuple(-b.score, b.image_id, b.rank);
              });
}

double recall_point(std::size_t r) {
    return r + 1 == kRecallPoints ? 1.0 : static_cast<double>(r) * 0.01;
}

void accumulate(const CategoryMatches& matches, std::size_t k, Evaluation& evaluation) {
    const EvaluationOptions& options = evaluation.options;
    const std::size_t thresholds = options.iou_thresholds.size();
    const std::size_t words =
        matches.detections.empty() ? 0 : matches.matched.size() / matches.detections.size();
    std::vector<CurvePoint> curve;
    for (std::size_t a = 0; a < options.area_ranges.size(); ++a) {
        if (matches.positives.empty() || matches.positives[a] == 0) continue;
        const auto positives = static_cast<double>(matches.positives[a]);
        for (std::size_t m = 0; m < options.max_detections.size(); ++m) {
            const auto most = static_cast<std::uint32_t>(options.max_detections[m]);
            for (std::size_t t = 0; t < thresholds; ++t) {
                const std::size_t bit = a * thresholds + t;
                curve.clear();
                double true_positives = 0;
                double false_positives = 0;
                double first_score = 0;
                bool any = false;
                for (const MatchedDetection& detection : matches.detections) {
                    if (detection.rank >= most) continue;
                    if (!any) first_score = detection.score;
                    any = true;
                    const std::size_t word = detection.index * words + bit / 64;
                    if ((matches.ignored[word] >> (bit % 64) & 1) != 0) continue;
                    if ((matches.matched[word] >> (bit % 64) & 1) == 0) {
                        ++false_positives;
                        continue;
                    }
                    // Precision peaks at true positives only: other points never matter.
                    ++true_positives;
                    curve.push_back({true_positives / positives,
                                     true_positives / (false_positives + true_positives +
                                                       std::numeric_limits<double>::epsilon()),
                                     detection.score});
                }
                for (std::size_t i = curve.size(); i > 1; --i)
                    curve[i - 2].precision =
                        std::max(curve[i - 2].precision, curve[i - 1].precision);
                std::size_t next = 0;
                for (std::size_t r = 0; r < kRecallPoints; ++r) {
                    while (next < curve.size() && curve[next].recall < recall_point(r))
                        ++next;
                    const std::size_t index = evaluation.precision_index(t, r, k, a, m);
                    const bool reached = next < curve.size();
                    evaluation.precision[index] = reached ? curve[next].precision : 0;
                    evaluation.scores[index] = reached ? curve[next].score : 0;
                }
                // Recall 0 is reached by the very first detection, whatever it is.
                evaluation.scores[evaluation.precision_index(t, 0, k, a, m)] = first_score;
                evaluation.recall[evaluation.recall_index(t, k, a, m)] = true_positives / positives;
            }
        }
    }
}

double pairwise_sum(std::span<const double> values) {
    constexpr std::size_t kBlock = 128;
    constexpr std::size_t kLanes = 8;
    const std::size_t count = values.size();
    if (count < kLanes) {
        double sum = 0;
        for (const double value : values)
            sum += value;
        return sum;
    }
    if (count > kBlock) {
        std::size_t half = count / 2;
        half -= half % kLanes;
        return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
    }
    std::array<double, kLanes> lane{};
    std::copy_n(values.begin(), kLanes, lane.begin());
    std::size_t i = kLanes;
    for (; i + kLanes <= count; i += kLanes)
        for (std::size_t j = 0; j < kLanes; ++j)
            lane[j] += values[i + j];
    double sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < count; ++i)
        sum += values[i];
    return sum;
}

double mean_of_defined(std::vector<double> values) {
    std::erase_if(values, [](double value) { return !(value > -1); });
    if (values.empty()) return -1;
    return pairwise_sum(values) / static_cast<double>(values.size());
}

}  // namespace embedmask
