#include "suspects/unlabelled.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "suspects/label_features.h"

namespace embedmask::suspects {
namespace {

constexpr double kLeastScore = 0.15;
constexpr double kOneObject = 0.5;    // IoU of detections of one object
constexpr double kRepeated = 0.7;     // IoU with a detection of the category that has a label
constexpr double kPartly = 0.3;       // IoU of detections that may be parts of one object
constexpr double kUnsupported = 0.1;  // evidence below which the label is the suspect

/// How other labels surround a detection.
struct Surroundings {
    double same = 0;         ///< IoU with a label of the category
    double inside_same = 0;  ///< share of it inside such a label
    double other = 0;        ///< IoU with a label of another category
    double inside_other = 0;
    double other_own = 0;  ///< evidence for that label
    double labels = 0;
    double same_labels = 0;
};

Surroundings surroundings(const Scene& scene, const Found& found, const Label* left_out) {
    Surroundings around;
    const Label* nearest = nullptr;
    for (const Label& label : scene.labels) {
        if (&label == left_out) {
            continue;
        }
        const double overlap = iou(found.box, label.box);
        const double inside = share_inside(found.box, label.box);
        around.labels += 1;
        if (label.category == found.category) {
            around.same_labels += 1;
            around.same = std::max(around.same, overlap);
            around.inside_same = std::max(around.inside_same, inside);
            continue;
        }
        around.inside_other = std::max(around.inside_other, inside);
        if (overlap > around.other) {
            around.other = overlap;
            nearest = &label;
        }
    }
    if (nearest != nullptr) {
        around.other_own = evidence_at(scene, nearest->box, nearest->category, nearest).own;
    }
    return around;
}

/// Nothing if a label of another category, for which there is no evidence, is at the same place:
/// then that label is the suspect.
std::optional<Unlabelled> candidate(const Scene& scene, const Usual& usual, std::size_t i,
                                    const Label* left_out) {
    const Found& found = scene.found[i];
    const Surroundings around = surroundings(scene, found, left_out);
    if (found.in_crowd || (around.other > kOneObject && around.other_own < kUnsupported)) {
        return std::nullopt;
    }
    double others = 0;  // scores of detections at the place
    double parts = 0;
    for (std::size_t j = 0; j < scene.found.size(); ++j) {
        const Found& near = scene.found[j];
        const double overlap = j == i ? 0 : iou(near.box, found.box);
        if (near.category == found.category && overlap > kPartly) {
            parts = std::max(parts, near.score);
        } else if (near.category != found.category && overlap > kOneObject && !near.matched) {
            others = std::max(others, near.score);
        }
    }
    const double score = log_odds(found.score);
    const double side = log_side(found.area);
    const double usual_own = log_odds(usual.own(found.category));
    return Unlabelled{
        i,
        {score, score * score, side, side * side, around.same, around.same * around.same,
         around.inside_same, around.other, around.inside_other,
         around.other * log_score(around.other_own), log_score(others), log_score(parts), usual_own,
         std::log(around.labels + 1), std::log(around.same_labels + 1), score * side,
         score * usual_own, score * around.inside_same, usual.labelled(found.category)}};
}

}  // namespace

std::vector<Unlabelled> unlabelled(const Scene& scene, const Usual& usual) {
    std::vector<Unlabelled> list;
    for (std::size_t i = 0; i < scene.found.size(); ++i) {
        const Found& found = scene.found[i];
        if (found.matched || found.score < kLeastScore) {
            continue;
        }
        const bool listed = std::ranges::any_of(list, [&](const Unlabelled& better) {
            return iou(scene.found[better.found].box, found.box) > kOneObject;
        });
        const bool repeated = std::ranges::any_of(scene.found, [&](const Found& other) {
            return other.matched && other.category == found.category &&
                   iou(other.box, found.box) > kRepeated;
        });
        if (listed || repeated) {
            continue;
        }
        if (auto one = candidate(scene, usual, i, nullptr)) {
            list.push_back(std::move(*one));
        }
    }
    return list;
}

std::vector<Unlabelled> unlabelled_if_missing(const Scene& scene, const Usual& usual) {
    std::vector<Unlabelled> list;
    for (const Label& label : scene.labels) {
        if (!label.match) {
            continue;
        }
        const Found& found = scene.found[*label.match];
        if (found.score < kLeastScore || iou(found.box, label.box) < kOneObject) {
            continue;
        }
        if (auto one = candidate(scene, usual, *label.match, &label)) {
            list.push_back(std::move(*one));
        }
    }
    return list;
}

}  // namespace embedmask::suspects
