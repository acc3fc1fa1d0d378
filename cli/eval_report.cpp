#include "eval_report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace embedmask::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 12> kNames{"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                             "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

void print_tide(const TideErrors& tide) {
    fmt::print("\nTIDE: AP50 {:.2f}; points lost to each kind of error:\n", tide.ap);
    fmt::print(
        "  classification {:.2f}  localisation {:.2f}  both {:.2f}  duplicate {:.2f}  "
        "background {:.2f}  missed {:.2f}\n",
        tide.classification, tide.localisation, tide.both, tide.duplicate, tide.background,
        tide.missed);
    fmt::print("  false positives {:.2f}  false negatives {:.2f}\n", tide.false_positive,
               tide.false_negative);
}

void print_categories(const Report& report, const TypeReport& item) {
    fmt::print("\n{:<24} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n", "category", "AP", "AP50",
               "AP75", "APs", "APm", "APl", "AR100");
    for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
        const CocoStats stats = item.evaluation.category_stats(k);
        fmt::print("{:<24}", category_name(*report.dataset, item.evaluation.categories[k]));
        for (const std::size_t i : {0, 1, 2, 3, 4, 5, 8})
            fmt::print(" {:>7}", stats.at(i) < 0 ? "-" : fmt::format("{:.3f}", stats.at(i)));
        fmt::print("\n");
    }
}

void print_sweep(const TypeReport& item) {
    fmt::print("\n{:>14} {:>8} {:>8} {:>8}   {}\n", "mask threshold", "AP", "AP50", "AP75",
               name_of(item.type));
    for (const SweepPoint& point : item.sweep)
        fmt::print("{:>14} {:>8.4f} {:>8.4f} {:>8.4f}\n", point.threshold, point.stats[0],
                   point.stats[1], point.stats[2]);
}

Json named(const CocoStats& stats) {
    Json row = Json::object();
    for (std::size_t i = 0; i < stats.size(); ++i)
        row[kNames.at(i)] = stats.at(i);
    return row;
}

Json tide_json(const TideErrors& tide) {
    return {{"AP50", tide.ap},
            {"classification", tide.classification},
            {"localisation", tide.localisation},
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
        for (std::size_t column = 0; column < size; ++column)
            cells.push_back(matrix.at(row, column));
        rows.push_back(cells);
    }
    return {{"categories", matrix.categories}, {"counts", rows}};
}

Json curves_json(const Evaluation& evaluation) {
    Json curves = Json::array();
    for (std::size_t k = 0; k < evaluation.categories.size(); ++k) {
        if (evaluation.category_stats(k)[0] < 0) continue;
        Json precision = Json::object();
        for (std::size_t t = 0; t < evaluation.options.iou_thresholds.size(); ++t)
            precision[fmt::format("{:.2f}", evaluation.options.iou_thresholds[t])] =
                evaluation.curve(t, k);
        curves.push_back({{"id", evaluation.categories[k]}, {"precision", precision}});
    }
    return curves;
}

std::string quoted(const std::string& text) {
    std::string result(1, '"');
    for (const char c : text)
        result.append(c == '"' ? 2 : 1, c);
    return result + '"';
}

}  // namespace

std::string category_name(const Dataset& dataset, std::int64_t id) {
    for (const Category& category : dataset.categories)
        if (category.id == id) return category.name.empty() ? std::to_string(id) : category.name;
    return id == -1 ? "all categories" : std::to_string(id);
}

void print_report(const Report& report, bool per_category) {
    for (const TypeReport& item : report.types) {
        fmt::print("{}\n{}", name_of(item.type), item.evaluation.summary());
        const auto& interval = item.evaluation.ap_interval;
        if (item.evaluation.options.bootstrap_samples > 0)
            fmt::print(" 95 % interval of AP over images ({} samples): {:.3f} to {:.3f}\n",
                       item.evaluation.options.bootstrap_samples, interval[0], interval[1]);
        if (per_category) print_categories(report, item);
        if (item.tide) print_tide(*item.tide);
        if (!item.sweep.empty()) print_sweep(item);
        fmt::print("\n");
    }
}

void write_json(const std::filesystem::path& path, const Report& report) {
    Json json{{"data", report.data}, {"results", report.results}};
    for (const char* key : {"stats", "per_category", "curves", "images"})
        json[key] = Json::object();
    for (const TypeReport& item : report.types) {
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
        for (const ImageScore& image : item.evaluation.images)
            images.push_back({{"id", image.image_id}, {"AP", image.ap}});
        json["images"][name] = images;
        if (item.evaluation.options.bootstrap_samples > 0)
            json["interval"][name] = item.evaluation.ap_interval;
        for (const SweepPoint& point : item.sweep) {
            Json row{{"threshold", point.threshold}};
            row.update(named(point.stats));
            json["mask_thresholds"][name].push_back(row);
        }
        if (item.tide) json["tide"][name] = tide_json(*item.tide);
        if (item.confusion) json["confusion"][name] = confusion_json(*item.confusion);
    }
    detail::write_file_atomically(path,
                                  json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void write_csv(const std::filesystem::path& path, const Report& report) {
    std::string text = "type,id,name";
    for (const char* name : kNames)
        text += fmt::format(",{}", name);
    text += "\n";
    const auto line = [&](const char* type, const std::string& id, const std::string& name,
                          const CocoStats& stats) {
        text += fmt::format("{},{},{}", type, id, quoted(name));
        for (const double number : stats)
            text += fmt::format(",{}", number);
        text += "\n";
    };
    for (const TypeReport& item : report.types) {
        line(name_of(item.type), "", "all", item.evaluation.stats());
        for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
            const std::int64_t id = item.evaluation.categories[k];
            line(name_of(item.type), std::to_string(id), category_name(*report.dataset, id),
                 item.evaluation.category_stats(k));
        }
    }
    detail::write_file_atomically(path, text);
}

}  // namespace embedmask::cli
