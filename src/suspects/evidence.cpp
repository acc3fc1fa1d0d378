#include "suspects/evidence.h"

#include <algorithm>
#include <cmath>

namespace embedmask::suspects {
namespace {

constexpr double kNear = 0.3;        // IoU from which a detection is near a box
constexpr double kNoEvidence = 0.2;  // IoU up to which it says nothing about the box
constexpr double kFullEvidence = 0.7;
constexpr double kWholeBox = 0.95;  // share of the box that a mask fills
constexpr double kOwnPrior = 5;     // labels with the mean of all categories
constexpr double kBoxesPrior = 3;
constexpr double kConfusionPrior = 5;
constexpr double kConfusionFloor = 0.2;
constexpr double kLabelledPrior = 2;

double weight_of(double overlap) {
    return std::clamp((overlap - kNoEvidence) / (kFullEvidence - kNoEvidence), 0.0, 1.0);
}

}  // namespace

Evidence evidence_at(const Scene& scene, const CocoBox& box, std::int64_t category,
                     const Label* self) {
    Evidence evidence;
    for (std::size_t i = 0; i < scene.found.size(); ++i) {
        const Found& found = scene.found[i];
        const double overlap = iou(found.box, box);
        if (overlap >= kNear) {
            evidence.any = std::max(evidence.any, found.score);
        }
        const double weight = found.score * weight_of(overlap);
        if (found.category == category) {
            if (weight > evidence.own) {
                evidence.own = weight;
                evidence.own_found = i;
            }
            continue;
        }
        const bool by_self = self != nullptr && self->category == found.category &&
                             iou(found.box, self->box) >= kSamePlace;
        if (weight > evidence.other && found.explanations == (by_self ? 1U : 0U)) {
            evidence.other = weight;
            evidence.other_found = i;
        }
    }
    return evidence;
}

bool fills_box(double area, const CocoBox& box) {
    return area > kWholeBox * box.width * box.height;
}

Usual::Usual(const Dataset& dataset, std::span<const Scene> scenes) {
    for (const Category& category : dataset.categories) {
        supercategories_[category.id] = category.supercategory;
    }
    for (const Scene& scene : scenes) {
        for (const Label& label : scene.labels) {
            const Evidence evidence = evidence_at(scene, label.box, label.category, &label);
            const double box = label.has_mask && fills_box(label.area, label.box) ? 1 : 0;
            for (Sums* sums : {&all_, &categories_[label.category]}) {
                sums->labels += 1;
                sums->own += evidence.own;
                sums->boxes += box;
            }
            if (evidence.other_found) {
                const auto& [a, b] =
                    std::minmax(label.category, scene.found[*evidence.other_found].category);
                confusions_[{a, b}] += evidence.other;
            }
        }
        for (const Found& found : scene.found) {
            for (Sums* sums : {&all_, &categories_[found.category]}) {
                (found.matched ? sums->with_label : sums->without_label) += found.score;
            }
        }
    }
}

Usual::Sums Usual::of(std::int64_t category) const {
    const auto known = categories_.find(category);
    return known == categories_.end() ? Sums{} : known->second;
}

double Usual::own(std::int64_t category, std::optional<double> left_out) const {
    const Sums sums = of(category);
    const double mean = all_.own / std::max(all_.labels, 1.0);
    const double labels = sums.labels - (left_out ? 1 : 0);
    return (sums.own - left_out.value_or(0) + kOwnPrior * mean) / (labels + kOwnPrior);
}

double Usual::boxes(std::int64_t category, std::optional<bool> left_out) const {
    const Sums sums = of(category);
    const double mean = all_.boxes / std::max(all_.labels, 1.0);
    const double labels = sums.labels - (left_out ? 1 : 0);
    const double boxes = sums.boxes - (left_out.value_or(false) ? 1 : 0);
    return (boxes + kBoxesPrior * mean) / (labels + kBoxesPrior);
}

double Usual::confusion(std::int64_t a, std::int64_t b, double left_out) const {
    const auto known = confusions_.find(std::minmax({a, b}));
    const double sum = known == confusions_.end() ? 0 : known->second - left_out;
    return (sum + kConfusionFloor) / (of(a).labels + of(b).labels + kConfusionPrior);
}

bool Usual::related(std::int64_t a, std::int64_t b) const {
    const auto first = supercategories_.find(a);
    const auto second = supercategories_.find(b);
    return first != supercategories_.end() && second != supercategories_.end() &&
           !first->second.empty() && first->second == second->second;
}

double Usual::labelled(std::int64_t category) const {
    const Sums sums = of(category);
    const double mean = (all_.with_label + 1) / (all_.without_label + 1);
    return std::log((sums.with_label + kLabelledPrior * mean) /
                    (sums.without_label + kLabelledPrior));
}

}  // namespace embedmask::suspects
