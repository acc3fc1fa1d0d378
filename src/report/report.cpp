#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coco/data_fingerprint.h"

namespace embedmask::report {
namespace {

constexpr double kVisible = 0.005;    // AP50 points, of which two decimals are shown
constexpr int kTideDetections = 100;  // of an image

/// The AP50 of the table in points, if it has one.
std::optional<double> table_ap50(const Evaluation& evaluation) {
    const auto metrics = evaluation.metrics();
    const auto metric = std::ranges::find(metrics, "AP50", &Metric::name);
    if (metric == metrics.end()) {
        return std::nullopt;
    }
    return 100 * evaluation.value(*metric);
}

}  // namespace

std::string data_fingerprint(const Dataset& dataset) {
    return fmt::format("0x{:016x}", detail::fingerprint(dataset));
}

std::string text_of(const std::vector<double>& thresholds) {
    std::string text;
    for (const double threshold : thresholds) {
        text += fmt::format("{}{:.10g}", text.empty() ? "" : " ", threshold);
    }
    return text;
}

std::string text_of(const std::vector<AreaRange>& ranges) {
    std::string text;
    for (const AreaRange& range : ranges) {
        text += fmt::format("{}{}={:.12g}:{:.12g}", text.empty() ? "" : "; ", range.name, range.low,
                            range.high);
    }
    return text;
}

std::vector<Setting> settings_of(const Report& report, const Evaluation& evaluation) {
    const EvaluationOptions& options = evaluation.options;
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    std::vector<Setting> settings{
        {"iou_thresholds", text_of(options.iou_thresholds)},
        {"area_ranges", text_of(options.area_ranges)},
        {"max_detections", fmt::format("{}", fmt::join(options.max_detections, " "))},
        {"class_agnostic", flag(options.class_agnostic)},
        {"ignore_unknown", flag(options.ignore_unknown_categories)},
        {"bootstrap_samples", fmt::format("{}", options.bootstrap_samples)},
        {"bootstrap_seed", fmt::format("{}", options.bootstrap_seed)}};
    if (report.model) {
        const scoring::ModelSettings& model = *report.model;
        settings.push_back({"precision", model.precision});
        settings.push_back({"score_threshold", fmt::format("{:.10g}", model.score_threshold)});
        settings.push_back({"mask_threshold", fmt::format("{:.10g}", model.mask_threshold)});
        settings.push_back({"short_side", fmt::format("{}", model.short_side)});
        settings.push_back({"max_side", fmt::format("{}", model.max_side)});
        settings.push_back(
            {"categories", model.categories.empty()
                               ? "all"
                               : fmt::format("{}", fmt::join(model.categories, "; "))});
        if (!model.range.empty()) {
            settings.push_back({"range", model.range});
        }
    }
    settings.push_back({"data_fingerprint", data_fingerprint(*report.dataset)});
    return settings;
}

std::vector<Metric> table_metrics(const EvaluationOptions& options) {
    std::vector<Metric> chosen;
    const auto all = metrics_of(options);
    const auto recall = [&] {
        const Metric* last = nullptr;
        for (const Metric& metric : all) {
            if (!metric.precision && metric.area == 0) {
                last = &metric;
            }
        }
        return last;
    }();
    for (const Metric& metric : all) {
        if (metric.precision || &metric == recall) {
            chosen.push_back(metric);
        }
    }
    return chosen;
}

std::string tide_note(const scoring::TypeScores& scores) {
    if (!scores.tide) {
        return {};
    }
    const TideErrors& tide = *scores.tide;
    const EvaluationOptions& options = scores.evaluation.options;
    const auto table = table_ap50(scores.evaluation);
    const bool differs = table && *table >= 0 && std::abs(*table - tide.ap) > kVisible;
    std::vector<std::string> rules;
    if (tide.cut_images > 0) {
        rules.push_back(fmt::format(
            "counts the {} best detections of an image over all categories "
            "({} {} more)",
            kTideDetections, tide.cut_images, tide.cut_images == 1 ? "image has" : "images have"));
    }
    if (differs && tide.absent_categories > 0) {
        rules.push_back(
            fmt::format("counts 0 for a category that is detected but has no objects "
                        "({} of them)",
                        tide.absent_categories));
    }
    if (differs && options.class_agnostic) {
        rules.emplace_back("keeps categories apart");
    }
    if (differs && options.max_detections.back() != kTideDetections) {
        rules.push_back(fmt::format("takes {} detections, the table {}", kTideDetections,
                                    options.max_detections.back()));
    }
    if (differs && rules.empty()) {
        rules.emplace_back(
            "has rules of its own for crowds, equal scores, annotations that share an id and an "
            "annotation id of 0");
    }
    if (rules.empty()) {
        return {};
    }
    const std::string reasons = fmt::format("TIDE {}", fmt::join(rules, ", and "));
    return differs ? fmt::format("{}: its AP50 of {:.2f} is not the {:.2f} of the table", reasons,
                                 tide.ap, *table)
                   : reasons;
}

CategoryNames::CategoryNames(const Dataset& dataset) {
    names_.reserve(dataset.categories.size());
    for (const Category& category : dataset.categories) {
        names_.try_emplace(category.id, category.name);
    }
}

std::string CategoryNames::operator()(std::int64_t id) const {
    const auto found = names_.find(id);
    if (found == names_.end()) {
        return id == -1 ? "all categories" : std::to_string(id);
    }
    return found->second.empty() ? std::to_string(id) : found->second;
}

}  // namespace embedmask::report
