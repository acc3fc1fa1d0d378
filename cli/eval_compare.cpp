#include "eval_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/file.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kShown = 15;  // categories and images
constexpr std::array<const char*, 12> kNames{"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                             "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

struct Change {
    std::string name;
    double before = -1;
    double after = -1;

    [[nodiscard]] double size() const { return std::abs(after - before); }
};

json read_report(const std::filesystem::path& path) {
    const auto bytes = detail::read_file(path, 1ULL << 30);
    json report = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (report.is_discarded() || !report.is_object() || !report.contains("stats") ||
        !report["stats"].is_object())
        throw Error(fmt::format("{}: found no \"stats\": expected a report", path.string()),
                    "such files are written by `embedmask eval ... --json REPORT.json`");
    return report;
}

/// Rows {id, AP, name?} of a list by id.
std::map<std::int64_t, std::pair<double, std::string>> rows(const json& report, const char* list,
                                                            const std::string& type) {
    std::map<std::int64_t, std::pair<double, std::string>> result;
    const auto lists = report.find(list);
    if (lists == report.end() || !lists->contains(type)) return result;
    for (const json& row : (*lists)[type])
        result[row.at("id").get<std::int64_t>()] = {row.at("AP").get<double>(),
                                                    row.value("name", std::string())};
    return result;
}

void print_changes(const json& before, const json& after, const char* list, const std::string& type,
                   const std::string& title) {
    std::vector<Change> changes;
    const auto old_rows = rows(before, list, type);
    for (const auto& [id, row] : rows(after, list, type)) {
        const auto old = old_rows.find(id);
        if (old == old_rows.end() || (old->second.first < 0 && row.first < 0)) continue;
        changes.push_back({row.second.empty() ? fmt::format("image {}", id) : row.second,
                           old->second.first, row.first});
    }
    std::erase_if(changes, [](const Change& change) { return change.size() == 0; });
    std::stable_sort(changes.begin(), changes.end(),
                     [](const Change& a, const Change& b) { return a.size() > b.size(); });
    fmt::print("\n{}: {} changed\n", title, changes.size());
    for (std::size_t i = 0; i < std::min(changes.size(), kShown); ++i)
        fmt::print("  {:<24} {:.3f} -> {:.3f}  ({:+.3f})\n", changes[i].name, changes[i].before,
                   changes[i].after, changes[i].after - changes[i].before);
}

}  // namespace

void compare_reports(const std::filesystem::path& before, const std::filesystem::path& after) {
    const json old_report = read_report(before);
    const json new_report = read_report(after);
    bool any = false;
    try {
        for (const auto& [type, stats] : new_report["stats"].items()) {
            if (!old_report["stats"].contains(type)) continue;
            any = true;
            fmt::print("{}: {} -> {}\n", type, before.string(), after.string());
            for (std::size_t i = 0; i < kNames.size(); ++i) {
                const double from = old_report["stats"][type].at(i).get<double>();
                const double to = stats.at(i).get<double>();
                fmt::print("  {:<6} {:>7.3f} -> {:>7.3f}  ({:+.3f})\n", kNames.at(i), from, to,
                           to - from);
            }
            print_changes(old_report, new_report, "per_category", type, "categories");
            print_changes(old_report, new_report, "images", type, "images");
            fmt::print("\n");
        }
    } catch (const json::exception& error) {
        throw Error(fmt::format("{} and {}: not reports of one kind: {}", before.string(),
                                after.string(), error.what()));
    }
    if (!any)
        throw Error(fmt::format("{} and {} have no type of evaluation in common", before.string(),
                                after.string()));
}

}  // namespace embedmask::cli
