#include "report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/look_alike.h"
#include "embedmask/error.h"
#include "report/report.h"

namespace embedmask::report {
namespace {

using Json = nlohmann::ordered_json;

Json read_report(const std::filesystem::path& path) {
    const auto bytes = detail::read_file(path, 1ULL << 30);
    detail::reject_look_alikes({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                               path.string(), "an evaluation report");
    Json report = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (report.is_discarded() || !report.is_object() || !report.contains("stats") ||
        !report["stats"].is_object()) {
        throw Error(
            fmt::format("{}: found no \"stats\": expected an evaluation report", path.string()),
            "`embedmask eval ... --json REPORT.json` writes such files");
    }
    return report;
}

/// The AP of a row: the first of these numbers that it has.
double ap_of(const Json& row) {
    if (const auto ap = row.find("AP"); ap != row.end()) {
        return ap->get<double>();
    }
    // Without a range of all areas, AP is that of the first range: "AP tiny".
    for (const auto& [key, value] : row.items()) {
        if (key.starts_with("AP")) {
            return value.get<double>();
        }
    }
    return row.at("AP").get<double>();
}

/// Rows {id, AP, name?} of a list by id.
std::map<std::int64_t, Change> rows(const Json& report, const char* list, const std::string& type) {
    std::map<std::int64_t, Change> result;
    const auto lists = report.find(list);
    if (lists == report.end() || !lists->contains(type)) {
        return result;
    }
    for (const Json& row : (*lists)[type]) {
        const auto id = row.at("id").get<std::int64_t>();
        const double ap = ap_of(row);
        result[id] = {row.value("name", fmt::format("image {}", id)), ap, ap};
    }
    return result;
}

/// The differences in a list of the two reports.
Changes changes(const Json& before, const Json& after, const char* list, const std::string& type) {
    auto all = rows(before, list, type);
    for (auto& [id, row] : all) {
        row.after = -1;
    }
    for (const auto& [id, row] : rows(after, list, type)) {
        all.try_emplace(id, Change{row.name, -1, -1}).first->second.after = row.after;
    }
    Changes result;
    for (const auto& [id, row] : all) {
        if (row.is_defined() && row.before != row.after) {
            result.numbers.push_back(row);
        } else if (!row.is_defined() && (row.before >= 0 || row.after >= 0)) {
            result.undefined.push_back(row);
        }
    }
    std::stable_sort(result.numbers.begin(), result.numbers.end(),
                     [](const Change& a, const Change& b) {
                         return std::abs(a.difference()) > std::abs(b.difference());
                     });
    return result;
}

/// Numbers with their names, in order: a list is that of COCO.
std::vector<std::pair<std::string, double>> named_stats(const Json& stats) {
    std::vector<std::pair<std::string, double>> result;
    if (stats.is_object()) {
        for (const auto& [name, value] : stats.items()) {
            result.emplace_back(name, value.get<double>());
        }
        return result;
    }
    for (std::size_t i = 0; i < kStatNames.size(); ++i) {
        result.emplace_back(kStatNames.at(i), stats.at(i).get<double>());
    }
    return result;
}

std::vector<Change> stat_changes(const Json& before, const Json& after) {
    std::vector<Change> result;
    for (const auto& [name, value] : named_stats(before)) {
        result.push_back({name, value, -1});
    }
    for (const auto& [name, value] : named_stats(after)) {
        const auto found = std::ranges::find(result, name, &Change::name);
        if (found == result.end()) {
            result.push_back({name, -1, value});
        } else {
            found->after = value;
        }
    }
    return result;
}

/// The settings that must be equal, as texts by flag; decimals that differ in the last bits are
/// equal.
std::vector<Setting> comparable_settings(const Json& report) {
    const Json& settings = report.at("settings");
    std::vector<AreaRange> areas;
    for (const Json& range : settings.at("area_ranges")) {
        areas.push_back({range.at("name"), range.at("low"), range.at("high")});
    }
    return {
        {"--iou", text_of(settings.at("iou_thresholds").get<std::vector<double>>())},
        {"--area", text_of(areas)},
        {"--max-dets",
         fmt::format("{}", fmt::join(settings.at("max_detections").get<std::vector<int>>(), " "))},
        {"--class-agnostic", settings.at("class_agnostic").get<bool>() ? "true" : "false"}};
}

void require_same_settings(Comparison& comparison, const Json& before, const Json& after) {
    std::vector<std::string> unknown;
    for (const auto& [name, report] :
         {std::pair(&comparison.before, &before), std::pair(&comparison.after, &after)}) {
        if (!report->contains("settings")) {
            unknown.push_back(*name);
        }
    }
    if (!unknown.empty()) {
        comparison.warnings.push_back(
            fmt::format("{}: no settings in the report, so it is unknown whether both reports have "
                        "the same",
                        fmt::join(unknown, " and ")));
        return;
    }
    const auto old_settings = comparable_settings(before);
    const auto new_settings = comparable_settings(after);
    std::string message;
    for (std::size_t i = 0; i < old_settings.size(); ++i) {
        if (old_settings[i].value != new_settings[i].value) {
            message +=
                fmt::format("{}{} is \"{}\" in {} and \"{}\" in {}", message.empty() ? "" : "; ",
                            old_settings[i].name, old_settings[i].value, comparison.before,
                            new_settings[i].value, comparison.after);
        }
    }
    if (!message.empty()) {
        throw Error(fmt::format("{}: expected reports with the same settings", message),
                    "run both evaluations with the same --iou, --area, --max-dets and "
                    "--class-agnostic");
    }
    const std::string old_data = before.value("data_fingerprint", std::string());
    const std::string new_data = after.value("data_fingerprint", std::string());
    if (old_data != new_data) {
        comparison.warnings.push_back(
            fmt::format("the reports are of different data: {} has the fingerprint {}, {} has {}",
                        comparison.before, old_data, comparison.after, new_data));
    }
}

}  // namespace

Comparison compare_reports(const std::filesystem::path& before,
                           const std::filesystem::path& after) {
    const Json old_report = read_report(before);
    const Json new_report = read_report(after);
    Comparison comparison{before.string(), after.string(), {}, {}};
    try {
        require_same_settings(comparison, old_report, new_report);
        for (const auto& [type, stats] : new_report["stats"].items()) {
            if (!old_report["stats"].contains(type)) {
                continue;
            }
            comparison.types.push_back({type, stat_changes(old_report["stats"][type], stats),
                                        changes(old_report, new_report, "per_category", type),
                                        changes(old_report, new_report, "images", type)});
        }
    } catch (const Json::exception& error) {
        throw Error(fmt::format("{} and {}: reports with different keys: {}", before.string(),
                                after.string(), error.what()),
                    "write both reports again with `eval --json` and the same options");
    }
    if (comparison.types.empty()) {
        throw Error(fmt::format("{} and {} have no evaluation type in common", before.string(),
                                after.string()),
                    "run both evaluations with the same --type");
    }
    return comparison;
}

}  // namespace embedmask::report
