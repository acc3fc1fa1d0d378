// The twelve COCO numbers and their standard output lines.
#include <fmt/format.h>

#include <optional>

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

double mean(const Evaluation& evaluation, const Line& line, std::optional<std::size_t> category) {
    const EvaluationOptions& options = evaluation.options;
    if (line.area >= options.area_ranges.size() || line.most >= options.max_detections.size()) {
        return -1;
    }
    const std::size_t m = options.max_detections.size() - 1 - line.most;
    const std::size_t first = category.value_or(0);
    const std::size_t last = category ? *category + 1 : evaluation.categories.size();
    std::vector<double> values;
    for (std::size_t t = 0; t < options.iou_thresholds.size(); ++t) {
        if (line.threshold != 0 && options.iou_thresholds[t] != line.threshold) {
            continue;
        }
        for (std::size_t r = 0; r < (line.precision ? detail::kRecallPoints : 1); ++r) {
            for (std::size_t k = first; k < last; ++k) {
                values.push_back(
                    line.precision
                        ? evaluation.precision[evaluation.precision_index(t, r, k, line.area, m)]
                        : evaluation.recall[evaluation.recall_index(t, k, line.area, m)]);
            }
        }
    }
    return detail::mean_of_defined(std::move(values));
}

CocoStats all_lines(const Evaluation& evaluation, std::optional<std::size_t> category) {
    CocoStats stats{};
    for (std::size_t i = 0; i < stats.size(); ++i) {
        stats[i] = mean(evaluation, kLines[i], category);
    }
    return stats;
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

CocoStats Evaluation::stats() const {
    return all_lines(*this, std::nullopt);
}

CocoStats Evaluation::category_stats(std::size_t k) const {
    return all_lines(*this, k);
}

std::vector<double> Evaluation::curve(std::size_t t, std::size_t k) const {
    std::vector<double> points(detail::kRecallPoints);
    for (std::size_t r = 0; r < detail::kRecallPoints; ++r) {
        points[r] = precision[precision_index(t, r, k, 0, options.max_detections.size() - 1)];
    }
    return points;
}

std::string Evaluation::summary() const {
    const CocoStats numbers = stats();
    const auto range =
        fmt::format("{:.2f}:{:.2f}", options.iou_thresholds.front(), options.iou_thresholds.back());
    std::string text;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const Line& line = kLines[i];
        if (line.area >= options.area_ranges.size() || line.most >= options.max_detections.size()) {
            continue;
        }
        text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {:.3f}\n",
                            line.precision ? "Average Precision" : "Average Recall",
                            line.precision ? "(AP)" : "(AR)",
                            line.threshold == 0 ? range : fmt::format("{:.2f}", line.threshold),
                            options.area_ranges[line.area].name,
                            options.max_detections[options.max_detections.size() - 1 - line.most],
                            numbers[i]);
    }
    return text;
}

}  // namespace embedmask
