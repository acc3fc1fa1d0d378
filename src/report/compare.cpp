#include "report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "embedmask/error.h"
#include "report/report.h"

namespace embedmask::report {
namespace {

using nlohmann::json;

json read_report(const std::filesystem::path& path) {
    const auto bytes = detail::read_file(path, 1ULL << 30);
    json report = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (report.is_discarded() || !report.is_object() || !report.contains("stats") ||
        !report["stats"].is_object()) {
        throw Error(
            fmt::format("{}: found no \"stats\": expected an evaluation report", path.string()),
            "`embedmask eval ... --json REPORT.json` writes such files");
    }
    return report;
}

/// Rows {id, AP, name?} of a list by id.
std::map<std::int64_t, std::pair<double, std::string>> rows(const json& report, const char* list,
                                                            const std::string& type) {
    std::map<std::int64_t, std::pair<double, std::string>> result;
    const auto lists = report.find(list);
    if (lists == report.end() || !lists->contains(type)) {
        return result;
    }
    for (const json& row : (*lists)[type]) {
        result[row.at("id").get<std::int64_t>()] = {row.at("AP").get<double>(),
                                                    row.value("name", std::string())};
    }
    return result;
}

/// The differences in a list of the two reports, largest change first.
std::vector<Change> changes(const json& before, const json& after, const char* list,
                            const std::string& type) {
    std::vector<Change> result;
    const auto old_rows = rows(before, list, type);
    for (const auto& [id, row] : rows(after, list, type)) {
        const auto old = old_rows.find(id);
        if (old == old_rows.end() || old->second.first == row.first) {
            continue;
        }
        if (old->second.first < 0 && row.first < 0) {
            continue;
        }
        result.push_back({row.second.empty() ? fmt::format("image {}", id) : row.second,
                          old->second.first, row.first});
    }
    std::stable_sort(result.begin(), result.end(), [](const Change& a, const Change& b) {
        return std::abs(a.difference()) > std::abs(b.difference());
    });
    return result;
}

std::vector<Change> stat_changes(const json& before, const json& after) {
    std::vector<Change> result;
    for (std::size_t i = 0; i < kStatNames.size(); ++i) {
        result.push_back({kStatNames.at(i), before.at(i).get<double>(), after.at(i).get<double>()});
    }
    return result;
}

}  // namespace

Comparison compare_reports(const std::filesystem::path& before,
                           const std::filesystem::path& after) {
    const json old_report = read_report(before);
    const json new_report = read_report(after);
    Comparison comparison{before.string(), after.string(), {}};
    try {
        for (const auto& [type, stats] : new_report["stats"].items()) {
            if (!old_report["stats"].contains(type)) {
                continue;
            }
            comparison.types.push_back({type, stat_changes(old_report["stats"][type], stats),
                                        changes(old_report, new_report, "per_category", type),
                                        changes(old_report, new_report, "images", type)});
        }
    } catch (const json::exception& error) {
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
