#include "report/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace embedmask::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostDense = 200;    // categories of a confusion matrix with all its cells
constexpr std::size_t kMostCurves = 2000;  // categories with curves of their own

Json named(const std::vector<Metric>& metrics, const auto& value) {
    Json row = Json::object();
    for (const Metric& metric : metrics) {
        row[metric.name] = value(metric);
    }
    return row;
}

/// The twelve numbers as a list with the settings of COCO, else by name.
Json stats_json(const Evaluation& evaluation) {
    const auto metrics = evaluation.metrics();
    const bool coco = std::ranges::equal(metrics, kStatNames, {}, &Metric::name);
    Json list = Json::array();
    for (const Metric& metric : metrics) {
        list.push_back(evaluation.value(metric));
    }
    return coco ? list : named(metrics, [&](const Metric& m) { return evaluation.value(m); });
}

Json settings_json(const Report& report) {
    Json json = Json::object();
    json["types"] = Json::array();
    for (const scoring::TypeScores& item : report.types) {
        json["types"].push_back(name_of(item.type));
    }
    if (report.types.empty()) {
        return json;
    }
    const EvaluationOptions& options = report.types.front().evaluation.options;
    json["iou_thresholds"] = options.iou_thresholds;
    json["area_ranges"] = Json::array();
    for (const AreaRange& range : options.area_ranges) {
        json["area_ranges"].push_back(
            {{"name", range.name}, {"low", range.low}, {"high", range.high}});
    }
    json["max_detections"] = options.max_detections;
    json["class_agnostic"] = options.class_agnostic;
    json["ignore_unknown"] = options.ignore_unknown_categories;
    json["bootstrap_samples"] = options.bootstrap_samples;
    json["bootstrap_seed"] = options.bootstrap_seed;
    if (report.model) {
        const scoring::ModelSettings& model = *report.model;
        json["model"] = {{"precision", model.precision},
                         {"score_threshold", model.score_threshold},
                         {"mask_threshold", model.mask_threshold},
                         {"short_side", model.short_side},
                         {"max_side", model.max_side},
                         {"categories", model.categories}};
        if (!model.range.empty()) {
            json["model"]["range"] = model.range;
        }
    }
    return json;
}

Json tide_json(const scoring::TypeScores& item) {
    const TideErrors& tide = *item.tide;
    Json json{{"AP50", tide.ap},
              {"classification", tide.classification},
              {"localization", tide.localization},
              {"both", tide.both},
              {"duplicate", tide.duplicate},
              {"background", tide.background},
              {"missed", tide.missed},
              {"false_positive", tide.false_positive},
              {"false_negative", tide.false_negative},
              {"cut_images", tide.cut_images}};
    if (const std::string note = tide_note(item); !note.empty()) {
        json["note"] = note;
    }
    return json;
}

/// All counts of few categories; of many, the cells that are not 0.
Json confusion_json(const ConfusionMatrix& matrix) {
    Json json{{"categories", matrix.categories}};
    const std::size_t size = matrix.categories.size() + 1;
    if (size > kMostDense + 1) {
        json["cells"] = Json::array();
        for (const ConfusionCell& cell : matrix.cells) {
            json["cells"].push_back({cell.truth, cell.found, cell.count});
        }
        return json;
    }
    std::vector<std::vector<std::uint64_t>> rows(size, std::vector<std::uint64_t>(size, 0));
    for (const ConfusionCell& cell : matrix.cells) {
        rows[cell.truth][cell.found] = cell.count;
    }
    json["counts"] = rows;
    return json;
}

Json curves_json(const Evaluation& evaluation) {
    Json curves = Json::array();
    if (evaluation.categories.size() > kMostCurves) {
        return curves;
    }
    for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
        if (evaluation.curve(0, k).front() < 0) {
            continue;
        }
        Json precision = Json::object();
        for (std::size_t t = 0; t < evaluation.options.iou_thresholds.size(); ++t) {
            precision[fmt::format("{:.2f}", evaluation.options.iou_thresholds[t])] =
                evaluation.curve(t, k);
        }
        curves.push_back({{"id", evaluation.categories[k]}, {"precision", precision}});
    }
    return curves;
}

}  // namespace

void write_json(const std::filesystem::path& path, const Report& report) {
    const CategoryNames names(*report.dataset);
    Json json{{"data", report.data},
              {"results", report.results},
              {"data_fingerprint", data_fingerprint(*report.dataset)},
              {"settings", settings_json(report)}};
    for (const char* key : {"stats", "per_category", "curves", "images"}) {
        json[key] = Json::object();
    }
    for (const scoring::TypeScores& item : report.types) {
        const Evaluation& evaluation = item.evaluation;
        const auto metrics = evaluation.metrics();
        const char* name = name_of(item.type);
        json["stats"][name] = stats_json(evaluation);
        Json& categories = json["per_category"][name] = Json::array();
        for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
            const std::int64_t id = evaluation.categories[k];
            Json row{{"id", id}, {"name", names(id)}};
            row.update(named(metrics, [&evaluation, k](const Metric& metric) {
                return evaluation.category_value(metric, k);
            }));
            categories.push_back(std::move(row));
        }
        json["curves"][name] = curves_json(evaluation);
        Json& images = json["images"][name] = Json::array();
        for (const ImageScore& image : evaluation.images) {
            images.push_back({{"id", image.image_id}, {"AP", image.ap}});
        }
        if (evaluation.options.bootstrap_samples > 0) {
            json["interval"][name] = evaluation.ap_interval;
        }
        for (const scoring::SweepPoint& point : item.sweep) {
            Json row{{"threshold", point.threshold}};
            for (std::size_t i = 0; i < metrics.size(); ++i) {
                row[metrics[i].name] = point.values[i];
            }
            json["mask_thresholds"][name].push_back(std::move(row));
        }
        if (item.tide) {
            json["tide"][name] = tide_json(item);
        }
        if (item.confusion) {
            json["confusion"][name] = confusion_json(*item.confusion);
        }
    }
    detail::write_file_atomically(path,
                                  json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace embedmask::report
