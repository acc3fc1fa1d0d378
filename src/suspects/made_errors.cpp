#include "suspects/made_errors.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/splitmix.h"
#include "suspects/label_features.h"
#include "suspects/unlabelled.h"

namespace embedmask::suspects {
namespace {

constexpr std::size_t kMostLabels = 20000;  // that are learned from
constexpr int kTries = 6;                   // to find a place without labels
constexpr double kFreePlace = 0.1;          // IoU with labels up to which a place is free
constexpr double kLeastMove = 0.15;         // of the size of the object
constexpr double kMostMove = 0.25;

/// Equal numbers on every machine, unlike the distributions of the standard library.
class Random {
public:
    /// In [0, 1).
    double uniform() { return static_cast<double>(detail::splitmix64(state_) >> 11U) * 0x1.0p-53; }
    double between(double low, double high) { return low + (high - low) * uniform(); }
    double sign() { return uniform() < 0.5 ? -1 : 1; }
    std::size_t below(std::size_t count) {
        return static_cast<std::size_t>(uniform() * static_cast<double>(count));
    }

private:
    std::uint64_t state_ = 1;
};

Claim claim_of(const Label& label) {
    return {.category = label.category,
            .box = label.box,
            .area = label.area,
            .has_mask = label.has_mask,
            .self = &label};
}

class ErrorMaker {
public:
    ErrorMaker(const Dataset& dataset, std::span<const Scene> scenes, const Usual& usual)
        : dataset_(dataset), scenes_(scenes), usual_(usual) {}

    void add(const Scene& scene) {
        for (const Label& label : scene.labels) {
            samples_.as_is.push_back(features(scene, claim_of(label)));
            if (dataset_.categories.size() > 1) {
                samples_.category.push_back(features(scene, in_other_category(label)));
            }
            samples_.mask.push_back(features(scene, loosened(label)));
            add_elsewhere(label);
        }
        for (Unlabelled& one : unlabelled(scene, usual_)) {
            samples_.unlabelled.push_back(std::move(one.features));
        }
        for (Unlabelled& one : unlabelled_if_missing(scene, usual_)) {
            samples_.missing.push_back(std::move(one.features));
        }
    }

    Samples take() { return std::move(samples_); }

private:
    [[nodiscard]] Features features(const Scene& scene, const Claim& claim) const {
        return label_features(scene, usual_, claim,
                              evidence_at(scene, claim.box, claim.category, claim.self));
    }

    Claim in_other_category(const Label& label) {
        Claim claim = claim_of(label);
        claim.changed = true;
        const auto& categories = dataset_.categories;
        std::size_t i = random_.below(categories.size());
        if (categories[i].id == label.category) {
            i = (i + 1) % categories.size();
        }
        claim.category = categories[i].id;
        return claim;
    }

    Claim loosened(const Label& label) {
        Claim claim = claim_of(label);
        claim.changed = true;
        CocoBox& box = claim.box;
        const double move = random_.between(kLeastMove, kMostMove);
        const std::size_t ways = label.has_mask ? 3 : 2;
        switch (random_.below(ways)) {
            case 0:
                box.x += random_.sign() * move * box.width;
                box.y += random_.sign() * move * box.height;
                break;
            case 1: {
                const double margin = move * std::sqrt(label.area) / 2;
                const double before = box.width * box.height;
                box = {box.x - margin, box.y - margin, box.width + 2 * margin,
                       box.height + 2 * margin};
                const double after = box.width * box.height;
                claim.area = std::min(label.area * after / before, after);
                break;
            }
            default:
                claim.area = box.width * box.height;
                break;
        }
        return claim;
    }

    void add_elsewhere(const Label& label) {
        Claim claim = claim_of(label);
        claim.self = nullptr;
        for (int i = 0; i < kTries; ++i) {
            const Scene& scene = scenes_[random_.below(scenes_.size())];
            if (label.box.width >= scene.width || label.box.height >= scene.height) {
                continue;
            }
            claim.box.x = random_.between(0, scene.width - label.box.width);
            claim.box.y = random_.between(0, scene.height - label.box.height);
            const bool taken = std::ranges::any_of(scene.labels, [&](const Label& other) {
                return iou(other.box, claim.box) > kFreePlace;
            });
            if (!taken) {
                samples_.object.push_back(features(scene, claim));
                return;
            }
        }
    }

    const Dataset& dataset_;
    std::span<const Scene> scenes_;
    const Usual& usual_;
    Random random_;
    Samples samples_;
};

}  // namespace

Samples make_errors(const Dataset& dataset, std::span<const Scene> scenes, const Usual& usual) {
    std::size_t labels = 0;
    for (const Scene& scene : scenes) {
        labels += scene.labels.size();
    }
    const std::size_t step = labels / kMostLabels + 1;
    ErrorMaker maker(dataset, scenes, usual);
    for (std::size_t i = 0; i < scenes.size(); i += step) {
        maker.add(scenes[i]);
    }
    return maker.take();
}

}  // namespace embedmask::suspects
