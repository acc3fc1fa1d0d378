#include "report/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace embedmask::report {
namespace {

using Json = nlohmann::ordered_json;

Json named(const CocoStats& stats) {
    Json row = Json::object();
    for (std::size_t i = 0; i < stats.size(); ++i) {
        row[kStatNames.at(i)] = stats.at(i);
    }
    return row;
}

Json tide_json(const TideErrors& tide) {
    return {{"AP50", tide.ap},
            {"classification", tide.classification},
            {"localization", tide.localization},
            {"both", tide.both},
            {"duplicate", tide.duplicate},
            {"background", tide.background},
            {"missed", tide.missed},
            {"false_positive", tide.false_positive},
            {"false_negative", tide.false_negative}};
}

Json confusion_json(const ConfusionMatrix& matrix) {
    Json rows = Json::array();
    const std::size_t size = matrix.categories.size() + 1;
    for (std::size_t row = 0; row < size; ++row) {
        Json cells = Json::array();
        for (std::size_t column = 0; column < size; ++column) {
            cells.push_back(matrix.at(row, column));
        }
        rows.push_back(cells);
    }
    return {{"categories", matrix.categories}, {"counts", rows}};
}

Json curves_json(const Evaluation& evaluation) {
    Json curves = Json::array();
    for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
        if (evaluation.category_stats(k)[0] < 0) {
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
    Json json{{"data", report.data}, {"results", report.results}};
    for (const char* key : {"stats", "per_category", "curves", "images"}) {
        json[key] = Json::object();
    }
    for (const scoring::TypeScores& item : report.types) {
        const char* name = name_of(item.type);
        json["stats"][name] = item.evaluation.stats();
        Json categories = Json::array();
        for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
            const std::int64_t id = item.evaluation.categories[k];
            Json row{{"id", id}, {"name", category_name(*report.dataset, id)}};
            row.update(named(item.evaluation.category_stats(k)));
            categories.push_back(row);
        }
        json["per_category"][name] = categories;
        json["curves"][name] = curves_json(item.evaluation);
        Json images = Json::array();
        for (const ImageScore& image : item.evaluation.images) {
            images.push_back({{"id", image.image_id}, {"AP", image.ap}});
        }
        json["images"][name] = images;
        if (item.evaluation.options.bootstrap_samples > 0) {
            json["interval"][name] = item.evaluation.ap_interval;
        }
        for (const scoring::SweepPoint& point : item.sweep) {
            Json row{{"threshold", point.threshold}};
            row.update(named(point.stats));
            json["mask_thresholds"][name].push_back(row);
        }
        if (item.tide) {
            json["tide"][name] = tide_json(*item.tide);
        }
        if (item.confusion) {
            json["confusion"][name] = confusion_json(*item.confusion);
        }
    }
    detail::write_file_atomically(path,
                                  json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace embedmask::report
