#include "evaluation/accumulate.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace embedmask::detail {

namespace {

/// A true positive in order of descending score: precision peaks only there.
struct CurvePoint {
    double recall = 0;
    double precision = 0;
    double score = 0;
};

/// The detections that count in one area range, with the flags of each threshold as bytes.
struct Sequence {
    std::vector<const MatchedDetection*> detections;
    std::vector<std::uint8_t> right;  // [detection][threshold]
    std::vector<std::uint8_t> wrong;
};

void fill(const CategoryMatches& matches, std::size_t area, std::size_t thresholds,
          std::size_t words, Sequence& sequence) {
    sequence.detections.clear();
    sequence.right.resize(matches.detections.size() * thresholds);
    sequence.wrong.resize(sequence.right.size());
    std::size_t out = 0;
    for (const MatchedDetection& detection : matches.detections) {
        sequence.detections.push_back(&detection);
        for (std::size_t t = 0; t < thresholds; ++t, ++out) {
            const std::size_t bit = area * thresholds + t;
            const std::size_t word = detection.index * words + bit / 64;
            const bool counts = (matches.ignored[word] >> (bit % 64) & 1) == 0;
            const bool matched = (matches.matched[word] >> (bit % 64) & 1) != 0;
            sequence.right[out] = counts && matched ? 1 : 0;
            sequence.wrong[out] = counts && !matched ? 1 : 0;
        }
    }
}

/// Appends the run of one cell. `first` is the detection with the highest score, which reaches
/// recall 0 in any case.
void add_runs(const std::vector<CurvePoint>& curve, const MatchedDetection* first,
              std::vector<PrecisionRun>& runs) {
    const std::size_t start = runs.size();
    std::size_t next = 0;
    for (std::size_t r = 0; r < kRecallPoints; ++r) {
        while (next < curve.size() && curve[next].recall < recall_point(r)) {
            ++next;
        }
        PrecisionRun run{static_cast<std::uint8_t>(r), 0, 0};
        if (next < curve.size()) {
            run.precision = curve[next].precision;
            run.score = curve[next].score;
        }
        if (r == 0) {
            run.score = first == nullptr ? 0 : first->score;
        }
        if (runs.size() == start || runs.back().precision != run.precision ||
            runs.back().score != run.score) {
            runs.push_back(run);
        }
    }
}

}  // namespace

void CategoryMatches::sort() {
    std::sort(detections.begin(), detections.end(),
              [](const MatchedDetection& a, const MatchedDetection& b) {
                  return std::tuple(-a.score, a.image_id, a.rank) <
                         std::tuple(-b.score, b.image_id, b.rank);
              });
}

void accumulate(const CategoryMatches& matches, std::size_t k, Evaluation& evaluation) {
    const EvaluationOptions& options = evaluation.options;
    const std::size_t thresholds = options.iou_thresholds.size();
    const std::size_t words =
        matches.detections.empty() ? 0 : matches.matched.size() / matches.detections.size();
    Sequence sequence;
    std::vector<std::vector<CurvePoint>> curves(thresholds);
    std::vector<double> right(thresholds);
    std::vector<double> wrong(thresholds);
    if (std::ranges::all_of(matches.positives, [](std::uint64_t count) { return count == 0; })) {
        return;
    }
    CategoryCurves result;
    for (std::size_t a = 0; a < options.area_ranges.size(); ++a) {
        if (matches.positives[a] == 0) {
            result.begin.insert(result.begin.end(), options.max_detections.size() * thresholds,
                                static_cast<std::uint32_t>(result.runs.size()));
            continue;
        }
        const auto positives = static_cast<double>(matches.positives[a]);
        fill(matches, a, thresholds, words, sequence);
        for (std::size_t m = 0; m < options.max_detections.size(); ++m) {
            const auto most = static_cast<std::uint32_t>(options.max_detections[m]);
            for (auto& curve : curves) {
                curve.clear();
            }
            std::fill(right.begin(), right.end(), 0);
            std::fill(wrong.begin(), wrong.end(), 0);
            const MatchedDetection* first = nullptr;
            for (std::size_t i = 0; i < sequence.detections.size(); ++i) {
                const MatchedDetection& detection = *sequence.detections[i];
                if (detection.rank >= most) {
                    continue;
                }
                if (first == nullptr) {
                    first = &detection;
                }
                const std::uint8_t* is_right = &sequence.right[i * thresholds];
                const std::uint8_t* is_wrong = &sequence.wrong[i * thresholds];
                for (std::size_t t = 0; t < thresholds; ++t) {
                    wrong[t] += is_wrong[t];
                    if (is_right[t] == 0) {
                        continue;
                    }
                    right[t] += 1;
                    curves[t].push_back(
                        {right[t] / positives,
                         right[t] / (wrong[t] + right[t] + std::numeric_limits<double>::epsilon()),
                         detection.score});
                }
            }
            for (std::size_t t = 0; t < thresholds; ++t) {
                auto& curve = curves[t];
                for (std::size_t i = curve.size(); i > 1; --i) {
                    curve[i - 2].precision =
                        std::max(curve[i - 2].precision, curve[i - 1].precision);
                }
                result.begin.push_back(static_cast<std::uint32_t>(result.runs.size()));
                add_runs(curve, first, result.runs);
                evaluation.recall[evaluation.recall_index(t, k, a, m)] = right[t] / positives;
            }
        }
    }
    result.begin.push_back(static_cast<std::uint32_t>(result.runs.size()));
    result.runs.shrink_to_fit();
    evaluation.curves[k] = std::move(result);
}

std::span<const PrecisionRun> runs_of(const Evaluation& evaluation, std::size_t t, std::size_t k,
                                      std::size_t a, std::size_t m) {
    const CategoryCurves& curves = evaluation.curves[k];
    if (curves.begin.empty()) {
        return {};
    }
    const std::size_t cell = (a * evaluation.options.max_detections.size() + m) *
                                 evaluation.options.iou_thresholds.size() +
                             t;
    return std::span(curves.runs)
        .subspan(curves.begin[cell], curves.begin[cell + 1] - curves.begin[cell]);
}

double pairwise_sum(std::span<const double> values) {
    constexpr std::size_t kBlock = 128;
    constexpr std::size_t kLanes = 8;
    const std::size_t count = values.size();
    if (count < kLanes) {
        double sum = 0;
        for (const double value : values) {
            sum += value;
        }
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
    for (; i + kLanes <= count; i += kLanes) {
        for (std::size_t j = 0; j < kLanes; ++j) {
            lane[j] += values[i + j];
        }
    }
    double sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < count; ++i) {
        sum += values[i];
    }
    return sum;
}

double mean_of_defined(std::vector<double> values) {
    std::erase_if(values, [](double value) { return !(value > -1); });
    if (values.empty()) {
        return -1;
    }
    return pairwise_sum(values) / static_cast<double>(values.size());
}

}  // namespace embedmask::detail
