#include "evaluation/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace embedmask::detail {

namespace {

constexpr double kAlmostOne = 1 - 1e-10;  // makes a threshold of 1 reachable
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

bool outside(double area, const AreaRange& range) {
    return area < range.low || area > range.high;
}

}  // namespace

Matcher::Matcher(const EvaluationOptions& options)
    : options_(options),
      words_((options.iou_thresholds.size() * options.area_ranges.size() + 63) / 64) {}

void Matcher::match(const MatchProblem& problem, MatchBits& bits) {
    const std::size_t detections = problem.detection_areas.size();
    const std::size_t truths = problem.truth_areas.size();
    bits.matched.assign(detections * words_, 0);
    bits.ignored.assign(detections * words_, 0);
    bits.positives.assign(options_.area_ranges.size(), 0);
    best_.assign(detections, -1);
    for (std::size_t i = 0; i < problem.iou.size(); ++i) {
        const double iou = problem.iou[i];
        double& best = best_[i / truths];
        if (!(iou <= best)) {
            best = std::isnan(iou) ? std::numeric_limits<double>::infinity() : iou;
        }
    }
    for (std::size_t range = 0; range < options_.area_ranges.size(); ++range) {
        match_area(problem, range, bits);
    }
}

void Matcher::match_area(const MatchProblem& problem, std::size_t range, MatchBits& bits) {
    const AreaRange& area = options_.area_ranges[range];
    const std::size_t detections = problem.detection_areas.size();
    const std::size_t truths = problem.truth_areas.size();
    order_.clear();
    const auto is_ignored = [&](std::size_t g) {
        return problem.crowd[g] != 0 || outside(problem.truth_areas[g], area);
    };
    for (std::size_t g = 0; g < truths; ++g) {
        if (!is_ignored(g)) {
            order_.push_back(g);
        }
    }
    const std::size_t counting = order_.size();
    for (std::size_t g = 0; g < truths; ++g) {
        if (is_ignored(g)) {
            order_.push_back(g);
        }
    }
    bits.positives[range] = static_cast<std::uint32_t>(counting);

    for (std::size_t t = 0; t < options_.iou_thresholds.size(); ++t) {
        const std::size_t bit = range * options_.iou_thresholds.size() + t;
        const std::uint64_t flag = std::uint64_t{1} << (bit % 64);
        const double threshold = std::min(options_.iou_thresholds[t], kAlmostOne);
        taken_.assign(truths, 0);
        for (std::size_t d = 0; d < detections; ++d) {
            const std::size_t word = d * words_ + bit / 64;
            double iou = threshold;
            std::size_t match = kNone;
            const std::size_t candidates = best_[d] < threshold ? 0 : truths;
            for (std::size_t place = 0; place < candidates; ++place) {
                const std::size_t g = order_[place];
                if (taken_[g] != 0 && problem.crowd[g] == 0) {
                    continue;
                }
                if (match < counting && place >= counting) {
                    break;
                }
                const double found = problem.iou[d * truths + g];
                if (found < iou) {
                    continue;
                }
                iou = found;
                match = place;
            }
            // The reference implementation stores the id of the match, so id 0 means "no match".
            bool matched = false;
            if (match != kNone) {
                const std::size_t g = order_[match];
                taken_[g] = 1;
                matched = problem.truth_ids[g] != 0;
                if (match >= counting) {
                    bits.ignored[word] |= flag;
                }
            }
            if (matched) {
                bits.matched[word] |= flag;
            } else if (outside(problem.detection_areas[d], area)) {
                bits.ignored[word] |= flag;
            }
        }
    }
}

}  // namespace embedmask::detail
