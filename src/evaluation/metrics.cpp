// The numbers that an evaluation has, by its settings.
#include <fmt/format.h>

#include <algorithm>

#include "embedmask/evaluation.h"
#include "evaluation/settings.h"

namespace embedmask {

namespace {

constexpr std::size_t kFewThresholds = 5;  // each has a number of its own

/// "50" for 0.5, "05" for 0.05, "33.3" for 0.333.
std::string percent(double threshold) {
    const std::string text = fmt::format("{:.6g}", threshold * 100);
    return text.find('.') == 1 || text.size() == 1 ? "0" + text : text;
}

/// Collects numbers; of several with one name only the first.
class MetricList {
public:
    explicit MetricList(const EvaluationOptions& options) : options_(options) {}

    void add(const std::string& prefix, Metric metric) {
        const AreaRange& range = options_.area_ranges[metric.area];
        const std::string suffix = detail::coco_suffix(range);
        metric.name = prefix;
        if (metric.area > 0 && !suffix.empty()) {
            metric.name += suffix;
        } else if (metric.area > 0 || range.name != "all") {
            metric.name += " " + range.name;
        }
        if (std::ranges::find(metrics_, metric.name, &Metric::name) == metrics_.end()) {
            metrics_.push_back(std::move(metric));
        }
    }

    [[nodiscard]] std::vector<Metric> take() { return std::move(metrics_); }

private:
    const EvaluationOptions& options_;
    std::vector<Metric> metrics_;
};

}  // namespace

std::vector<Metric> metrics_of(const EvaluationOptions& options) {
    const EvaluationOptions all = detail::with_defaults(options);
    const std::size_t last = all.max_detections.size() - 1;
    MetricList list(all);
    list.add("AP", {{}, true, std::nullopt, 0, last});
    for (std::size_t t = 0; t < all.iou_thresholds.size(); ++t) {
        const double threshold = all.iou_thresholds[t];
        if (all.iou_thresholds.size() <= kFewThresholds || threshold == .5 || threshold == .75) {
            list.add("AP" + percent(threshold), {{}, true, t, 0, last});
        }
    }
    for (std::size_t a = 1; a < all.area_ranges.size(); ++a) {
        list.add("AP", {{}, true, std::nullopt, a, last});
    }
    for (std::size_t m = 0; m < all.max_detections.size(); ++m) {
        list.add(fmt::format("AR{}", all.max_detections[m]), {{}, false, std::nullopt, 0, m});
    }
    for (std::size_t a = 1; a < all.area_ranges.size(); ++a) {
        list.add("AR", {{}, false, std::nullopt, a, last});
    }
    return list.take();
}

}  // namespace embedmask
