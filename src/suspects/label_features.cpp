#include "suspects/label_features.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace embedmask::suspects {
namespace {

constexpr double kFloor = 0.01;      // of scores under a logarithm
constexpr double kOddsFloor = 1e-3;  // of probabilities under a logarithm
constexpr double kFirm = 0.5;        // score from which the place of a detection is taken as given
constexpr double kLeastOwn = 0.05;   // evidence from which places are compared
constexpr double kMostOther = 0.5;   // evidence that confusions weigh
constexpr double kLeastArea = 16;
constexpr double kUsualArea = 4096;

/// The part in which two moves agree: the smaller one if they have the same direction.
double common(double a, double b) {
    return a * b > 0 ? std::min(std::abs(a), std::abs(b)) : 0;
}

/// Adds how the place of a claim differs from that of its detection: by itself, in its size, and
/// how far opposite edges move together (shifted) or apart (widened), which they rarely do where
/// the model sees only a part of the object.
void add_place(Features& features, const Claim& claim, const Found& found, double side) {
    const CocoBox& a = claim.box;
    const CocoBox& b = found.box;
    const double width = std::max((a.width + b.width) / 2, 1.0);
    const double height = std::max((a.height + b.height) / 2, 1.0);
    const double left = (b.x - a.x) / width;
    const double right = (b.x + b.width - a.x - a.width) / width;
    const double top = (b.y - a.y) / height;
    const double bottom = (b.y + b.height - a.y - a.height) / height;
    const auto [least_shift, most_shift] = std::minmax({common(left, right), common(top, bottom)});
    const double wider = left > 0 ? common(left, -right) : 0;
    const double higher = top > 0 ? common(top, -bottom) : 0;
    const auto [least_growth, most_growth] = std::minmax({wider, higher});
    const double edges = std::max(std::min(std::abs(left), std::abs(right)),
                                  std::min(std::abs(top), std::abs(bottom)));
    const double distance = std::max(std::abs(left + right), std::abs(top + bottom)) / 2;
    const double miss = 1 - iou(b, a);
    const double common_area = std::min(a.width, b.width) * std::min(a.height, b.height);
    const double all_area = a.width * a.height + b.width * b.height - common_area;
    const double shape = common_area / std::max(all_area, 1.0);
    const double growth =
        std::log(std::max(a.width * a.height, 1.0)) - std::log(std::max(b.width * b.height, 1.0));
    double fuller = 0;
    if (claim.has_mask && found.has_mask) {
        fuller = std::min(claim.area / (a.width * a.height), 1.0) -
                 std::min(found.area / (b.width * b.height), 1.0);
    }
    const double weight = std::min(found.score / kFirm, 1.0);
    for (const double value : {1.0,
                               most_shift,
                               least_shift,
                               std::sqrt(least_shift),
                               most_shift * shape,
                               most_growth,
                               least_growth,
                               std::sqrt(least_growth),
                               1 - shape,
                               edges,
                               edges * edges,
                               edges * side,
                               miss,
                               miss * miss,
                               miss * side,
                               std::max(fuller, 0.0),
                               std::max(-fuller, 0.0),
                               std::max(growth, 0.0),
                               std::max(-growth, 0.0),
                               distance,
                               distance * side}) {
        features.push_back(weight * value);
    }
}

constexpr std::size_t kPlaceFeatures = 21;

}  // namespace

double log_score(double score) {
    return std::log(kFloor + std::max(score, 0.0));
}

double log_odds(double p) {
    const double kept = std::clamp(p, kOddsFloor, 1 - kOddsFloor);
    return std::log(kept / (1 - kept));
}

double log_side(double area) {
    return std::log(std::max(area, kLeastArea) / kUsualArea) / 2;
}

Features label_features(const Scene& scene, const Usual& usual, const Claim& claim,
                        const Evidence& evidence) {
    const bool as_is = claim.self != nullptr && !claim.changed;
    const double side = log_side(claim.area);
    const double own = log_score(evidence.own);
    const double any = log_score(evidence.any);
    const double usual_own =
        log_odds(usual.own(claim.category, as_is ? std::optional(evidence.own) : std::nullopt));
    double crowding = 0;
    double labels = 0;
    double same = 0;
    for (const Label& label : scene.labels) {
        if (&label == claim.self) {
            continue;
        }
        crowding = std::max(crowding, iou(claim.box, label.box));
        labels += 1;
        same += label.category == claim.category ? 1 : 0;
    }
    double anywhere = 0;
    for (const Found& found : scene.found) {
        anywhere = std::max(anywhere, found.category == claim.category ? found.score : 0);
    }
    Features features{own,
                      log_score(evidence.other),
                      any,
                      side,
                      side * side,
                      usual_own,
                      crowding,
                      std::log(labels + 1),
                      own * side,
                      own * usual_own,
                      any * side,
                      std::log(same + 1),
                      log_score(anywhere),
                      log_score(anywhere) * side,
                      evidence.other};
    double related = 0;
    double confusion = 0;
    if (evidence.other_found) {
        const std::int64_t other = scene.found[*evidence.other_found].category;
        related = usual.related(claim.category, other) ? evidence.other : 0;
        confusion = std::log(usual.confusion(claim.category, other, as_is ? evidence.other : 0)) *
                    std::min(evidence.other, kMostOther);
    }
    features.push_back(related);
    features.push_back(confusion);
    const bool whole = claim.has_mask && fills_box(claim.area, claim.box);
    features.push_back(whole ? 1 : 0);
    features.push_back(
        whole ? -log_odds(usual.boxes(claim.category, as_is ? std::optional(whole) : std::nullopt))
              : 0);
    if (evidence.own_found && evidence.own > kLeastOwn) {
        add_place(features, claim, scene.found[*evidence.own_found], side);
    } else {
        features.resize(features.size() + kPlaceFeatures, 0);
    }
    return features;
}

}  // namespace embedmask::suspects
