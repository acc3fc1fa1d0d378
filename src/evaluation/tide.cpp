// The TIDE error split, with the same order of steps as its authors' tool. The cost of an error
// type is found by fixing its errors and computing AP again.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/parallel.h"
#include "embedmask/analysis.h"
#include "evaluation/accumulate.h"
#include "evaluation/image_overlaps.h"

namespace embedmask {

namespace {

constexpr double kPositive = 0.5;    // minimum IoU of a correct detection
constexpr double kBackground = 0.1;  // maximum IoU of a background detection
constexpr std::size_t kMost = 100;   // detections per image

enum class Kind { classification, localization, both, duplicate, background, missed };

struct Point {
    double score = 0;
    bool correct = false;
};

/// An error: the current state of the detection, and its state once fixed.
struct TideError {
    Kind kind = Kind::missed;
    std::int64_t category = 0;    // of the detection; of the ground truth for a missed one
    std::optional<double> score;  // none: not in the points (ignored, or missed)
    double own_score = 0;
    std::int64_t fixed_category = 0;
    std::size_t truth = 0;  // ground truth that it would match
    bool fixable = false;
};

struct ImageErrors {
    std::vector<std::pair<std::int64_t, double>> correct;  // category, score
    std::vector<TideError> errors;
    std::vector<std::int64_t> truths;     // categories of the ground truths that count
    std::vector<std::int64_t> unmatched;  // categories of the missed ones
    bool cut = false;                     // more than kMost detections
};

/// Points by category, in order of insertion.
struct Points {
    std::map<std::int64_t, std::vector<Point>> points;
    std::map<std::int64_t, std::int64_t> positives;

    [[nodiscard]] double mean_ap();
};

double category_ap(std::vector<Point> points, std::int64_t positives) {
    if (positives == 0) {
        return 0;
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.score > b.score; });
    std::vector<double> precision;
    std::vector<double> recall;
    double right = 0;
    double wrong = 0;
    for (const Point& point : points) {
        (point.correct ? right : wrong) += 1;
        precision.push_back(right / (right + wrong));
        recall.push_back(right / static_cast<double>(positives));
    }
    for (std::size_t i = precision.size(); i > 1; --i) {
        precision[i - 2] = std::max(precision[i - 2], precision[i - 1]);
    }
    double sum = 0;
    std::size_t next = 0;
    for (std::size_t r = 0; r < detail::kRecallPoints; ++r) {
        // r / 100 here, r * 0.01 in COCO's tool: they differ in the last bit.
        while (next < recall.size() && recall[next] < static_cast<double>(r) / 100) {
            ++next;
        }
        if (next < precision.size()) {
            sum += precision[next];
        }
    }
    return sum / detail::kRecallPoints * 100;
}

double Points::mean_ap() {
    double sum = 0;
    double count = 0;
    for (const auto& [category, _] : points) {
        positives.try_emplace(category, 0);
    }
    for (const auto& [category, total] : positives) {
        const auto found = points.find(category);
        const bool empty = found == points.end() || found->second.empty();
        if (empty && total == 0) {
            continue;
        }
        count += 1;
        if (!empty) {
            sum += category_ap(found->second, total);
        }
    }
    return count == 0 ? 0 : sum / count;
}

/// Determines the errors of one image.
class ImageSplit {
public:
    ImageSplit(const detail::ImageObjects& objects, IouType type)
        : objects_(objects),
          overlaps_(detail::image_overlaps(objects, type, -std::numeric_limits<double>::infinity(),
                                           kMost)),
          taken_(overlaps_.truths.size(), false),
          usable_(overlaps_.truths.size(), false),
          best_(overlaps_.truths.size()) {}

    ImageErrors split() {
        match();
        ImageErrors result;
        result.cut = objects_.detections.size() > kMost;
        for (std::size_t g = 0; g < taken_.size(); ++g) {
            result.truths.push_back(category_of(g));
        }
        for (std::size_t d = 0; d < overlaps_.detections.size(); ++d) {
            if (right_[d]) {
                result.correct.emplace_back(detection(d).category_id, detection(d).score);
            } else {
                result.errors.push_back(explain(d));
            }
        }
        // Of the errors that one ground truth could fix, only the one with the highest score is
        // fixed.
        for (std::size_t i = 0; i < result.errors.size(); ++i) {
            TideError& error = result.errors[i];
            if (!error.fixable) {
                continue;
            }
            auto& best = best_[error.truth];
            if (best && result.errors[*best].own_score >= error.own_score) {
                error.fixable = false;
                continue;
            }
            if (best) {
                result.errors[*best].fixable = false;
            }
            best = i;
        }
        for (std::size_t g = 0; g < taken_.size(); ++g) {
            if (taken_[g]) {
                continue;
            }
            result.unmatched.push_back(category_of(g));
            if (!usable_[g]) {
                result.errors.push_back({Kind::missed, category_of(g), {}, 0, 0, 0, false});
            }
        }
        return result;
    }

private:
    [[nodiscard]] const DetectedObject& detection(std::size_t d) const {
        return objects_.detections[overlaps_.detections[d]];
    }
    [[nodiscard]] std::int64_t category_of(std::size_t g) const {
        return objects_.truths[overlaps_.truths[g]].category_id;
    }
    [[nodiscard]] double iou(std::size_t d, std::size_t g) const {
        return overlaps_.iou[d * overlaps_.truths.size() + g];
    }

    /// The first ground truth with the highest IoU among those for which `counts` is set (others
    /// count as 0).
    template <class Counts>
    [[nodiscard]] std::pair<std::size_t, double> best(std::size_t d, const Counts& counts) const {
        std::pair<std::size_t, double> result{0, counts(0) ? iou(d, 0) : 0};
        for (std::size_t g = 1; g < taken_.size(); ++g) {
            if (const double value = counts(g) ? iou(d, g) : 0; value > result.second) {
                result = {g, value};
            }
        }
        return result;
    }

    void match() {
        right_.assign(overlaps_.detections.size(), false);
        ignored_.assign(overlaps_.detections.size(), false);
        for (std::size_t d = 0; d < right_.size(); ++d) {
            const std::int64_t own = detection(d).category_id;
            if (!taken_.empty()) {
                const auto [g, value] =
                    best(d, [&](std::size_t i) { return !taken_[i] && category_of(i) == own; });
                if (value >= kPositive) {
                    right_[d] = true;
                    taken_[g] = true;
                }
            }
        }
        for (std::size_t d = 0; d < right_.size(); ++d) {
            for (std::size_t c = 0; c < overlaps_.crowds.size() && !right_[d]; ++c) {
                if (overlaps_.crowd_iou[d * overlaps_.crowds.size() + c] > kPositive &&
                    objects_.truths[overlaps_.crowds[c]].category_id == detection(d).category_id) {
                    ignored_[d] = true;
                }
            }
        }
    }

    TideError explain(std::size_t d) {
        const std::int64_t own = detection(d).category_id;
        TideError error;
        error.category = own;
        error.own_score = detection(d).score;
        if (!ignored_[d]) {
            error.score = detection(d).score;
        }
        error.kind = Kind::background;
        if (taken_.empty()) {
            return error;
        }
        const auto repair = [&](Kind kind, std::size_t g, std::int64_t category) {
            error.kind = kind;
            error.truth = g;
            error.fixed_category = category;
            error.fixable = !taken_[g];
            if (error.fixable) {
                usable_[g] = true;
            }
            return error;
        };
        const auto same = [&](std::size_t g) { return category_of(g) == own; };
        const auto [own_truth, own_iou] = best(d, same);
        if (kBackground <= own_iou && own_iou <= kPositive) {
            return repair(Kind::localization, own_truth, own);
        }
        const auto [other_truth, other_iou] = best(d, [&](std::size_t g) { return !same(g); });
        if (other_iou >= kPositive) {
            return repair(Kind::classification, other_truth, category_of(other_truth));
        }
        if (best(d, [&](std::size_t g) { return taken_[g] && same(g); }).second >= kPositive) {
            error.kind = Kind::duplicate;
        } else if (best(d, [](std::size_t) { return true; }).second > kBackground) {
            error.kind = Kind::both;
        }
        return error;
    }

    const detail::ImageObjects& objects_;
    detail::ImageOverlaps overlaps_;
    std::vector<bool> taken_;   // matched ground truths
    std::vector<bool> usable_;  // ground truths that could fix some error
    std::vector<std::optional<std::size_t>> best_;
    std::vector<bool> right_;    // detections
    std::vector<bool> ignored_;  // detections in a crowd
};

/// AP after fixing errors of `kind`, or none. `spread` sets the score of correct detections to 1
/// and of wrong ones to 0; `without_missed` removes unmatched ground truths.
double repaired_ap(const std::vector<ImageErrors>& images, std::optional<Kind> kind, bool spread,
                   bool without_missed) {
    Points points;
    for (const ImageErrors& image : images) {
        for (const std::int64_t category : image.truths) {
            ++points.positives[category];
        }
        for (const TideError& error : image.errors) {
            if (kind == error.kind && error.kind == Kind::missed) {
                --points.positives[error.category];
            }
            if (kind == error.kind) {
                if (error.fixable) {
                    points.points[error.fixed_category].push_back({error.own_score, true});
                }
            } else if (error.score) {
                points.points[error.category].push_back({spread ? 0 : *error.score, false});
            }
        }
        if (without_missed) {
            for (const std::int64_t category : image.unmatched) {
                --points.positives[category];
            }
        }
    }
    for (const ImageErrors& image : images) {
        for (const auto& [category, score] : image.correct) {
            points.points[category].push_back({spread ? 1 : score, true});
        }
    }
    return points.mean_ap();
}

/// The unmodified AP: detections in the order of images and scores.
double plain_ap(const std::vector<ImageErrors>& images) {
    Points points;
    for (const ImageErrors& image : images) {
        for (const std::int64_t category : image.truths) {
            ++points.positives[category];
        }
        std::map<std::int64_t, std::vector<Point>> own;
        for (const auto& [category, score] : image.correct) {
            own[category].push_back({score, true});
        }
        for (const TideError& error : image.errors) {
            if (error.score) {
                own[error.category].push_back({*error.score, false});
            }
        }
        for (auto& [category, list] : own) {
            points.points[category].insert(points.points[category].end(), list.begin(), list.end());
        }
    }
    return points.mean_ap();
}

/// Categories with detections that count, but without objects.
std::size_t absent_categories(const std::vector<ImageErrors>& images) {
    std::set<std::int64_t> detected;
    std::set<std::int64_t> annotated;
    for (const ImageErrors& image : images) {
        annotated.insert(image.truths.begin(), image.truths.end());
        for (const TideError& error : image.errors) {
            if (error.score) {
                detected.insert(error.category);
            }
        }
    }
    return static_cast<std::size_t>(
        std::ranges::count_if(detected, [&](std::int64_t id) { return !annotated.contains(id); }));
}

}  // namespace

TideErrors tide_errors(const Dataset& dataset, std::span<const Result> results, IouType type,
                       int threads, bool ignore_unknown_categories) {
    const detail::ObjectSource source(dataset, results, "results",
                                      {.ignore_unknown_categories = ignore_unknown_categories});
    if (type != IouType::bbox) {
        source.require_masks();
    }
    std::vector<ImageErrors> images(source.images().size());
    detail::parallel_for(
        images.size(), threads > 0 ? threads : detail::available_processors(), [&](std::size_t i) {
            const detail::ImageObjects objects = source.objects(i, type != IouType::bbox);
            images[i] = ImageSplit(objects, type).split();
        });
    const double ap = plain_ap(images);
    const auto gain = [&](Kind kind) {
        return std::max(repaired_ap(images, kind, false, false) - ap, 0.0);
    };
    TideErrors errors;
    errors.ap = ap;
    errors.cut_images = static_cast<std::size_t>(std::ranges::count_if(images, &ImageErrors::cut));
    errors.absent_categories = absent_categories(images);
    errors.classification = gain(Kind::classification);
    errors.localization = gain(Kind::localization);
    errors.both = gain(Kind::both);
    errors.duplicate = gain(Kind::duplicate);
    errors.background = gain(Kind::background);
    errors.missed = gain(Kind::missed);
    errors.false_positive = repaired_ap(images, std::nullopt, true, false) - ap;
    errors.false_negative = repaired_ap(images, std::nullopt, false, true) - ap;
    return errors;
}

}  // namespace embedmask
