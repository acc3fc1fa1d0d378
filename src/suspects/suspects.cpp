#include "embedmask/suspects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include "embedmask/error.h"
#include "suspects/evidence.h"
#include "suspects/label_features.h"
#include "suspects/logistic.h"
#include "suspects/made_errors.h"
#include "suspects/scene.h"
#include "suspects/unlabelled.h"

namespace embedmask {
namespace suspects {
namespace {

// How common errors are assumed to be: missing labels among the objects that the model finds, the
// others among the labels.
constexpr double kMissing = 0.04;
constexpr double kLoose = 0.03;
constexpr double kWrongCategory = 0.01;
constexpr double kNoObject = 0.01;

// Two labels are as likely as not one object at this IoU; boxes of neighbours overlap more.
constexpr double kDuplicateMasks = 0.8;
constexpr double kDuplicateBoxes = 0.9;
constexpr double kDuplicateSteepness = 40;  // log-odds per IoU

double probability(double log_odds) {
    return 1 / (1 + std::exp(-log_odds));
}

std::optional<Logistic> fit(const std::vector<Features>& no, const std::vector<Features>& yes) {
    if (no.empty() || yes.empty()) {
        return std::nullopt;
    }
    return Logistic(no, yes);
}

/// What was learned about the errors of labels.
class Judge {
public:
    explicit Judge(const Samples& samples)
        : kinds_{{{SuspectKind::category, kWrongCategory, fit(samples.as_is, samples.category)},
                  {SuspectKind::mask, kLoose, fit(samples.as_is, samples.mask)},
                  {SuspectKind::object, kNoObject, fit(samples.as_is, samples.object)}}},
          missing_(fit(samples.unlabelled, samples.missing)),
          missing_per_unlabelled_(
              static_cast<double>(samples.missing.size()) /
              static_cast<double>(std::max<std::size_t>(samples.unlabelled.size(), 1))) {}

    /// The likeliest error of a label, and the probability that it has any.
    [[nodiscard]] std::pair<SuspectKind, double> label(const Features& features) const {
        double odds = 0;
        double most = -1;
        SuspectKind likeliest = SuspectKind::object;
        for (const Kind& kind : kinds_) {
            if (!kind.signs) {
                continue;
            }
            const double own = kind.share * std::exp(kind.signs->log_ratio(features));
            odds += own;
            if (own > most) {
                most = own;
                likeliest = kind.kind;
            }
        }
        return {likeliest, odds / (1 + odds)};
    }

    [[nodiscard]] double missing(const Features& features) const {
        if (!missing_) {
            return 0;
        }
        return probability(missing_->log_ratio(features) +
                           std::log(kMissing * missing_per_unlabelled_));
    }

private:
    struct Kind {
        SuspectKind kind = SuspectKind::object;
        double share = 0;
        std::optional<Logistic> signs;
    };

    std::array<Kind, 3> kinds_;
    std::optional<Logistic> missing_;
    double missing_per_unlabelled_;
};

class Search {
public:
    Search(const Dataset& dataset, std::span<const Result> results)
        : dataset_(dataset), results_(results), scenes_(scenes_of(dataset, results)) {
        for (const Category& category : dataset.categories) {
            names_.emplace(category.id, category.name);
        }
    }

    std::vector<Suspect> run() {
        const Usual usual(dataset_, scenes_);
        const Judge judge(make_errors(dataset_, scenes_, usual));
        for (const Scene& scene : scenes_) {
            for (const Label& label : scene.labels) {
                add_label(scene, label, usual, judge);
            }
            for (const Unlabelled& one : unlabelled(scene, usual)) {
                add_missing(scene, scene.found[one.found], judge.missing(one.features));
            }
            for (const Pair& pair : scene.pairs) {
                add_duplicate(scene, pair);
            }
        }
        return std::move(suspects_);
    }

private:
    void add_label(const Scene& scene, const Label& label, const Usual& usual, const Judge& judge) {
        const Evidence evidence = evidence_at(scene, label.box, label.category, &label);
        const auto [kind, score] = judge.label(label_features(scene, usual,
                                                              {.category = label.category,
                                                               .box = label.box,
                                                               .area = label.area,
                                                               .has_mask = label.has_mask,
                                                               .self = &label},
                                                              evidence));
        Suspect suspect{.kind = kind,
                        .score = score,
                        .image_id = scene.image_id,
                        .annotations = {label.annotation}};
        const auto against = kind == SuspectKind::mask ? evidence.own_found : evidence.other_found;
        if (against && kind != SuspectKind::object) {
            suspect.result = scene.found[*against].result;
        }
        if (kind == SuspectKind::category) {
            suspect.reason = suspect.result
                                 ? fmt::format("looks like {}", text_of(*suspect.result))
                                 : fmt::format("{} is not seen here", name(label.category));
        } else if (kind == SuspectKind::object) {
            suspect.reason = fmt::format("no {} is seen here", name(label.category));
        } else if (suspect.result) {
            suspect.reason =
                fmt::format("box IoU {:.2f} with {}", iou(scene.found[*against].box, label.box),
                            text_of(*suspect.result));
        } else {
            suspect.reason = fillness(label);
        }
        suspects_.push_back(std::move(suspect));
    }

    void add_missing(const Scene& scene, const Found& found, double score) {
        suspects_.push_back({.kind = SuspectKind::missing,
                             .score = score,
                             .image_id = scene.image_id,
                             .annotations = {},
                             .result = found.result,
                             .reason = fmt::format("{} has no label", text_of(found.result))});
    }

    void add_duplicate(const Scene& scene, const Pair& pair) {
        const double even = pair.masks ? kDuplicateMasks : kDuplicateBoxes;
        const Label& first = scene.labels[pair.first];
        const Label& second = scene.labels[pair.second];
        suspects_.push_back(
            {.kind = SuspectKind::duplicate,
             .score = probability(kDuplicateSteepness * (pair.iou - even)),
             .image_id = scene.image_id,
             .annotations = {first.annotation, second.annotation},
             .result = std::nullopt,
             .reason = fmt::format("{} and {}: {} IoU {:.2f}", name(first.category),
                                   name(second.category), pair.masks ? "mask" : "box", pair.iou)});
    }

    static std::string fillness(const Label& label) {
        return fmt::format("the mask fills {:.0f} % of its box",
                           100 * std::min(label.area / (label.box.width * label.box.height), 1.0));
    }

    [[nodiscard]] std::string name(std::int64_t category) const {
        const auto known = names_.find(category);
        return known == names_.end() ? fmt::format("category {}", category) : known->second;
    }

    [[nodiscard]] std::string text_of(std::size_t result) const {
        return fmt::format("{} ({:.2f})", name(results_[result].category_id),
                           results_[result].score);
    }

    const Dataset& dataset_;
    std::span<const Result> results_;
    std::vector<Scene> scenes_;
    std::unordered_map<std::int64_t, std::string> names_;
    std::vector<Suspect> suspects_;
};

/// Whether an earlier suspect has one of the labels.
bool is_repeated(const Suspect& suspect, std::set<std::size_t>& seen) {
    const bool repeated = std::ranges::any_of(
        suspect.annotations, [&](std::size_t annotation) { return seen.contains(annotation); });
    if (!repeated) {
        seen.insert(suspect.annotations.begin(), suspect.annotations.end());
    }
    return repeated;
}

}  // namespace
}  // namespace suspects

const char* name_of(SuspectKind kind) {
    switch (kind) {
        case SuspectKind::missing:
            return "missing";
        case SuspectKind::category:
            return "category";
        case SuspectKind::mask:
            return "mask";
        case SuspectKind::duplicate:
            return "duplicate";
        case SuspectKind::object:
            return "object";
    }
    return "";
}

std::optional<SuspectKind> suspect_kind(std::string_view name) {
    for (const SuspectKind kind : kSuspectKinds) {
        if (name == name_of(kind)) {
            return kind;
        }
    }
    return std::nullopt;
}

std::vector<Suspect> find_suspects(const Dataset& dataset, std::span<const Result> results,
                                   const SuspectOptions& options) {
    if (!(options.least_score >= 0 && options.least_score <= 1)) {
        throw Error(fmt::format("SuspectOptions::least_score {}: expected a number from 0 to 1",
                                options.least_score),
                    {}, ErrorKind::usage);
    }
    std::vector<Suspect> all = suspects::Search(dataset, results).run();
    std::ranges::stable_sort(all, std::ranges::greater{}, &Suspect::score);
    std::vector<Suspect> kept;
    std::set<std::size_t> seen;
    for (Suspect& suspect : all) {
        if (suspect.score < options.least_score ||
            (options.most > 0 && kept.size() == options.most)) {
            break;
        }
        const bool wanted =
            options.kinds.empty() || std::ranges::count(options.kinds, suspect.kind) > 0;
        if (wanted && !suspects::is_repeated(suspect, seen)) {
            kept.push_back(std::move(suspect));
        }
    }
    return kept;
}

}  // namespace embedmask
