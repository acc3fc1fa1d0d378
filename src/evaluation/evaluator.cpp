#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>

#include "base/parallel.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"
#include "evaluation/accumulate.h"
#include "evaluation/boundary.h"
#include "evaluation/matching.h"
#include "evaluation/overlap.h"
#include "evaluation/resampling.h"
#include "evaluation/settings.h"

namespace embedmask {
namespace detail {

/// Per-thread working memory for one image, reused.
struct Workspace {
    explicit Workspace(const EvaluationOptions& options) : matcher(options) {}

    Matcher matcher;
    MatchBits bits;
    std::vector<std::pair<std::size_t, std::size_t>> truths;      // (category, position)
    std::vector<std::pair<std::size_t, std::size_t>> detections;  // by descending score within a
                                                                  // category
    std::vector<double> iou;
    std::vector<double> detection_areas;
    std::vector<double> truth_areas;
    std::vector<std::uint8_t> crowd;
    std::vector<std::int64_t> truth_ids;
};

}  // namespace detail

namespace {

using detail::Workspace;

constexpr double kBoundaryRatio = 0.02;  // of the image diagonal

void require_masks(std::int64_t image_id, std::span<const GroundTruthObject> ground_truth,
                   std::span<const DetectedObject> detections) {
    const Rle* first = nullptr;
    const auto check = [&](const Rle* mask, std::string_view what) {
        if (mask == nullptr) {
            throw Error(fmt::format("image {}: a {} has no mask", image_id, what));
        }
        if (first == nullptr) {
            first = mask;
        }
        if (mask->height == first->height && mask->width == first->width) {
            return;
        }
        throw Error(fmt::format(
            "image {}: the mask of a {} is {}x{} (height x width), but another one is {}x{}",
            image_id, what, mask->height, mask->width, first->height, first->width));
    };
    for (const GroundTruthObject& truth : ground_truth) {
        check(truth.mask, "ground truth");
    }
    for (const DetectedObject& detection : detections) {
        check(detection.mask, "detection");
    }
}

}  // namespace

struct Evaluator::Implementation {
    EvaluationOptions options;
    std::vector<std::int64_t> categories;  // ascending
    std::vector<detail::CategoryMatches> matches;
    std::mutex mutex;  // guards matches and the pool
    std::vector<std::unique_ptr<Workspace>> pool;

    /// Position of a category; categories.size() if it is not evaluated.
    [[nodiscard]] std::size_t position(std::int64_t id) const {
        const auto found = std::lower_bound(categories.begin(), categories.end(), id);
        if (found == categories.end() || *found != id) {
            return categories.size();
        }
        return static_cast<std::size_t>(found - categories.begin());
    }

    std::unique_ptr<Workspace> take_workspace() {
        const std::lock_guard lock(mutex);
        if (pool.empty()) {
            return std::make_unique<Workspace>(options);
        }
        auto workspace = std::move(pool.back());
        pool.pop_back();
        return workspace;
    }

    /// Groups the objects of an image by category, with detections by descending score.
    void group(std::span<const GroundTruthObject> ground_truth,
               std::span<const DetectedObject> detections, Workspace& work) const {
        work.truths.clear();
        work.detections.clear();
        for (std::size_t i = 0; i < ground_truth.size(); ++i) {
            if (const auto k = position(ground_truth[i].category_id); k < categories.size()) {
                work.truths.emplace_back(k, i);
            }
        }
        for (std::size_t i = 0; i < detections.size(); ++i) {
            if (const auto k = position(detections[i].category_id); k < categories.size()) {
                work.detections.emplace_back(k, i);
            }
        }
        std::sort(work.truths.begin(), work.truths.end());
        std::sort(work.detections.begin(), work.detections.end());
        if (options.class_agnostic) {
            for (auto& truth : work.truths) {
                truth.first = 0;
            }
            for (auto& detection : work.detections) {
                detection.first = 0;
            }
        }
        std::stable_sort(work.detections.begin(), work.detections.end(),
                         [&](const auto& a, const auto& b) {
                             if (a.first != b.first) {
                                 return a.first < b.first;
                             }
                             return detections[a.second].score > detections[b.second].score;
                         });
    }
};

namespace {

using Members = std::span<const std::pair<std::size_t, std::size_t>>;

/// Computes `work.iou` for one category.
void overlaps(IouType type, std::span<const GroundTruthObject> ground_truth,
              std::span<const DetectedObject> detections, Members truths, Members found,
              Workspace& work) {
    work.iou.assign(truths.size() * found.size(), 0);
    if (work.iou.empty()) {
        return;
    }
    if (type == IouType::bbox) {
        double* out = work.iou.data();
        for (const auto& [category, d] : found) {
            for (const auto& [same, g] : truths) {
                *out++ = detail::iou(detections[d].box, ground_truth[g].box, ground_truth[g].crowd);
            }
        }
        return;
    }
    const auto fill = [&](auto&& prepare, auto&& combine) {
        std::vector<detail::MaskRuns> truth_runs;
        truth_runs.reserve(truths.size());
        for (const auto& [category, g] : truths) {
            truth_runs.push_back(prepare(*ground_truth[g].mask));
        }
        double* out = work.iou.data();
        for (const auto& [category, d] : found) {
            const detail::MaskRuns runs = prepare(*detections[d].mask);
            for (std::size_t i = 0; i < truths.size(); ++i, ++out) {
                const bool crowd = ground_truth[truths[i].second].crowd;
                *out = combine(*out, runs.iou(truth_runs[i], crowd), crowd);
            }
        }
    };
    fill([](const Rle& mask) { return detail::MaskRuns(mask); },
         [](double, double iou, bool) { return iou; });
    if (type == IouType::boundary) {
        fill(
            [](const Rle& mask) {
                return detail::MaskRuns(detail::boundary_band(mask, kBoundaryRatio));
            },
            [](double mask, double band, bool crowd) {
                return crowd ? mask : std::min(mask, band);
            });
    }
}

}  // namespace

Evaluator::Evaluator(std::span<const Category> categories, EvaluationOptions options)
    : implementation_(std::make_unique<Implementation>()) {
    implementation_->options = detail::with_defaults(std::move(options));
    detail::require_valid(implementation_->options);
    std::set<std::int64_t> ids;
    for (const Category& category : categories) {
        if (!ids.insert(category.id).second) {
            throw Error(fmt::format("duplicate category id {}", category.id),
                        "`embedmask data check FILE --fix OUT.json` keeps the first");
        }
    }
    implementation_->categories.assign(ids.begin(), ids.end());
    implementation_->matches.resize(implementation_->options.class_agnostic ? 1 : ids.size());
}

Evaluator::~Evaluator() = default;

void Evaluator::add_image(std::int64_t image_id, std::span<const GroundTruthObject> ground_truth,
                          std::span<const DetectedObject> detections) {
    Implementation& self = *implementation_;
    for (const DetectedObject& detection : detections) {
        if (!std::isfinite(detection.score)) {
            throw Error(
                fmt::format("image {}: a detection of category {} has the score {}: "
                            "expected a finite number",
                            image_id, detection.category_id, detection.score));
        }
    }
    if (self.options.type != IouType::bbox) {
        require_masks(image_id, ground_truth, detections);
    }

    auto workspace = self.take_workspace();
    Workspace& work = *workspace;
    self.group(ground_truth, detections, work);
    const auto limit = static_cast<std::size_t>(self.options.max_detections.back());
    Members truths = work.truths;
    Members found = work.detections;
    while (!truths.empty() || !found.empty()) {
        const std::size_t k = std::min(truths.empty() ? self.matches.size() : truths.front().first,
                                       found.empty() ? self.matches.size() : found.front().first);
        const auto cut = [k](Members& members) {
            std::size_t count = 0;
            while (count < members.size() && members[count].first == k) {
                ++count;
            }
            const Members head = members.first(count);
            members = members.subspan(count);
            return head;
        };
        const Members own_truths = cut(truths);
        Members own = cut(found);
        own = own.first(std::min(own.size(), limit));
        overlaps(self.options.type, ground_truth, detections, own_truths, own, work);
        work.detection_areas.clear();
        for (const auto& [category, d] : own) {
            work.detection_areas.push_back(detections[d].area);
        }
        work.truth_areas.clear();
        work.crowd.clear();
        work.truth_ids.clear();
        for (const auto& [category, g] : own_truths) {
            work.truth_areas.push_back(ground_truth[g].area);
            work.crowd.push_back(ground_truth[g].crowd ? 1 : 0);
            work.truth_ids.push_back(ground_truth[g].id);
        }
        work.matcher.match(
            {work.iou, work.detection_areas, work.truth_areas, work.crowd, work.truth_ids},
            work.bits);

        const std::lock_guard lock(self.mutex);
        detail::CategoryMatches& matches = self.matches[k];
        matches.positives.resize(self.options.area_ranges.size(), 0);
        for (std::size_t a = 0; a < matches.positives.size(); ++a) {
            matches.positives[a] += work.bits.positives[a];
        }
        if (work.bits.positives[0] > 0 &&
            (self.options.per_image || self.options.bootstrap_samples > 0)) {
            matches.images.push_back({image_id, work.bits.positives[0]});
        }
        for (std::size_t i = 0; i < own.size(); ++i) {
            matches.detections.push_back({detections[own[i].second].score, image_id,
                                          static_cast<std::uint32_t>(i),
                                          static_cast<std::uint32_t>(matches.detections.size())});
        }
        matches.matched.insert(matches.matched.end(), work.bits.matched.begin(),
                               work.bits.matched.end());
        matches.ignored.insert(matches.ignored.end(), work.bits.ignored.begin(),
                               work.bits.ignored.end());
    }
    const std::lock_guard lock(self.mutex);
    self.pool.push_back(std::move(workspace));
}

Evaluation Evaluator::finish() {
    Implementation& self = *implementation_;
    Evaluation evaluation;
    evaluation.options = self.options;
    evaluation.categories =
        self.options.class_agnostic ? std::vector<std::int64_t>{-1} : self.categories;
    const std::size_t cells = self.options.iou_thresholds.size() * evaluation.categories.size() *
                              self.options.area_ranges.size() * self.options.max_detections.size();
    evaluation.recall.assign(cells, -1);
    evaluation.curves.resize(evaluation.categories.size());
    const int threads =
        self.options.threads > 0 ? self.options.threads : detail::available_processors();
    detail::parallel_for(self.matches.size(), threads, [&](std::size_t k) {
        self.matches[k].sort();
        detail::accumulate(self.matches[k], k, evaluation);
    });
    if (self.options.per_image) {
        evaluation.images = detail::score_images(self.matches, self.options);
    }
    if (self.options.bootstrap_samples > 0) {
        evaluation.ap_interval = detail::bootstrap_interval(self.matches, self.options);
    }
    return evaluation;
}

}  // namespace embedmask
