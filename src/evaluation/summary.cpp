// The twelve COCO numbers and their standard output lines.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "embedmask/evaluation.h"
#include "evaluation/accumulate.h"

namespace embedmask {

namespace {

struct Line {
    bool precision = true;
    double threshold = 0;  // 0: all
    std::size_t area = 0;
    std::size_t most = 0;  // from the end of max_detections
};

constexpr std::array<Line, 12> kLines{{{true, 0, 0, 0},
                                       {true, .5, 0, 0},
                                       {true, .75, 0, 0},
                                       {true, 0, 1, 0},
                                       {true, 0, 2, 0},
                                       {true, 0, 3, 0},
                                       {false, 0, 0, 2},
                                       {false, 0, 0, 1},
                                       {false, 0, 0, 0},
                                       {false, 0, 1, 0},
                                       {false, 0, 2, 0},
                                       {false, 0, 3, 0}}};

/// The categories of [first, last) that have ground truth in an area range.
std::vector<std::size_t> defined(const Evaluation& evaluation, std::size_t area, std::size_t first,
                                 std::size_t last) {
    std::vector<std::size_t> categories;
    for (std::size_t k = first; k < last; ++k) {
        if (!detail::runs_of(evaluation, 0, k, area, 0).empty()) {
            categories.push_back(k);
        }
    }
    return categories;
}

/// Appends the precision at all recall points, for each of them of all categories.
void add_precision(const Evaluation& evaluation, std::size_t t, const Metric& metric,
                   const std::vector<std::size_t>& categories, std::vector<double>& values) {
    if (categories.size() == 1) {
        const auto runs = detail::runs_of(evaluation, t, categories[0], metric.area, metric.most);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const std::size_t end = i + 1 < runs.size() ? runs[i + 1].first : detail::kRecallPoints;
            values.insert(values.end(), end - runs[i].first, runs[i].precision);
        }
        return;
    }
    std::vector<std::span<const PrecisionRun>> left;
    left.reserve(categories.size());
    for (const std::size_t k : categories) {
        left.push_back(detail::runs_of(evaluation, t, k, metric.area, metric.most));
    }
    for (std::size_t r = 0; r < detail::kRecallPoints; ++r) {
        for (auto& runs : left) {
            while (runs.size() > 1 && runs[1].first <= r) {
                runs = runs.subspan(1);
            }
            values.push_back(runs.front().precision);
        }
    }
}

/// The mean over the categories of [first, last) that have ground truth.
double mean(const Evaluation& evaluation, const Metric& metric, std::size_t first,
            std::size_t last) {
    const auto categories = defined(evaluation, metric.area, first, last);
    const std::size_t thresholds = evaluation.options.iou_thresholds.size();
    std::vector<double> values;
    values.reserve(categories.size() * (metric.threshold ? 1 : thresholds) *
                   (metric.precision ? detail::kRecallPoints : 1));
    for (std::size_t t = 0; t < thresholds; ++t) {
        if (metric.threshold && *metric.threshold != t) {
            continue;
        }
        if (metric.precision) {
            add_precision(evaluation, t, metric, categories, values);
            continue;
        }
        for (const std::size_t k : categories) {
            values.push_back(
                evaluation.recall[evaluation.recall_index(t, k, metric.area, metric.most)]);
        }
    }
    return detail::mean_of_defined(std::move(values));
}

/// The metric at a position of the twelve numbers, if the settings have it.
std::optional<Metric> metric_of(const EvaluationOptions& options, const Line& line) {
    if (line.area >= options.area_ranges.size() || line.most >= options.max_detections.size()) {
        return std::nullopt;
    }
    Metric metric{
        {}, line.precision, std::nullopt, line.area, options.max_detections.size() - 1 - line.most};
    if (line.threshold != 0) {
        const auto found = std::ranges::find(options.iou_thresholds, line.threshold);
        if (found == options.iou_thresholds.end()) {
            return std::nullopt;
        }
        metric.threshold = static_cast<std::size_t>(found - options.iou_thresholds.begin());
    }
    return metric;
}

CocoStats all_lines(const Evaluation& evaluation, std::size_t first, std::size_t last) {
    CocoStats stats{};
    for (std::size_t i = 0; i < stats.size(); ++i) {
        const auto metric = metric_of(evaluation.options, kLines[i]);
        stats[i] = metric ? mean(evaluation, *metric, first, last) : -1;
    }
    return stats;
}

/// An array [t][r][k][a][m] of one number of each run.
std::vector<double> dense(const Evaluation& evaluation, double PrecisionRun::*number) {
    const EvaluationOptions& options = evaluation.options;
    std::vector<double> values(options.iou_thresholds.size() * detail::kRecallPoints *
                                   evaluation.categories.size() * options.area_ranges.size() *
                                   options.max_detections.size(),
                               -1);
    for (std::size_t t = 0; t < options.iou_thresholds.size(); ++t) {
        for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
            for (std::size_t a = 0; a < options.area_ranges.size(); ++a) {
                for (std::size_t m = 0; m < options.max_detections.size(); ++m) {
                    const auto runs = detail::runs_of(evaluation, t, k, a, m);
                    for (std::size_t i = 0; i < runs.size(); ++i) {
                        const std::size_t end =
                            i + 1 < runs.size() ? runs[i + 1].first : detail::kRecallPoints;
                        for (std::size_t r = runs[i].first; r < end; ++r) {
                            values[evaluation.precision_index(t, r, k, a, m)] = runs[i].*number;
                        }
                    }
                }
            }
        }
    }
    return values;
}

}  // namespace

const char* name_of(IouType type) {
    switch (type) {
        case IouType::bbox:
            return "bbox";
        case IouType::segm:
            return "segm";
        case IouType::boundary:
            break;
    }
    return "boundary";
}

std::size_t Evaluation::precision_index(std::size_t t, std::size_t r, std::size_t k, std::size_t a,
                                        std::size_t m) const {
    return (((t * detail::kRecallPoints + r) * categories.size() + k) * options.area_ranges.size() +
            a) *
               options.max_detections.size() +
           m;
}

std::size_t Evaluation::recall_index(std::size_t t, std::size_t k, std::size_t a,
                                     std::size_t m) const {
    return ((t * categories.size() + k) * options.area_ranges.size() + a) *
               options.max_detections.size() +
           m;
}

std::vector<double> Evaluation::precision() const {
    return dense(*this, &PrecisionRun::precision);
}

std::vector<double> Evaluation::scores() const {
    return dense(*this, &PrecisionRun::score);
}

std::vector<Metric> Evaluation::metrics() const {
    return metrics_of(options);
}

double Evaluation::value(const Metric& metric) const {
    return mean(*this, metric, 0, categories.size());
}

double Evaluation::category_value(const Metric& metric, std::size_t k) const {
    return mean(*this, metric, k, k + 1);
}

CocoStats Evaluation::stats() const {
    return all_lines(*this, 0, categories.size());
}

CocoStats Evaluation::category_stats(std::size_t k) const {
    return all_lines(*this, k, k + 1);
}

std::vector<double> Evaluation::curve(std::size_t t, std::size_t k) const {
    std::vector<double> points(detail::kRecallPoints, -1);
    for (const PrecisionRun& run :
         detail::runs_of(*this, t, k, 0, options.max_detections.size() - 1)) {
        std::fill(points.begin() + run.first, points.end(), run.precision);
    }
    return points;
}

std::string Evaluation::summary() const {
    const double lowest = options.iou_thresholds.front();
    const double highest = options.iou_thresholds.back();
    const auto range = options.iou_thresholds.size() == 1
                           ? fmt::format("{:.2f}", lowest)
                           : fmt::format("{:.2f}:{:.2f}", lowest, highest);
    std::string text;
    for (const Metric& metric : metrics()) {
        text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {:.3f}\n",
                            metric.precision ? "Average Precision" : "Average Recall",
                            metric.precision ? "(AP)" : "(AR)",
                            metric.threshold
                                ? fmt::format("{:.2f}", options.iou_thresholds[*metric.threshold])
                                : range,
                            options.area_ranges[metric.area].name,
                            options.max_detections[metric.most], value(metric));
    }
    return text;
}

}  // namespace embedmask
