#include "data_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/standard_output.h"
#include "command.h"

namespace embedmask::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostNamed = 5;  // objects and categories in one line

std::string fix_of(const Finding& finding) {
    return finding.repairable ? "--fix " + finding.fix : finding.fix;
}

void print_json(const std::string& annotations, const DatasetCheck& check) {
    Json list = Json::array();
    for (const Finding& item : check.findings) {
        list.push_back({{"problem", item.name},
                        {"count", item.count},
                        {"consequence", item.consequence},
                        {"fix", fix_of(item)},
                        {"harmless", item.harmless},
                        {"examples", item.examples}});
    }
    fmt::print("{}\n",
               Json{{"data", annotations}, {"tool", check.tool}, {"findings", list}}.dump(1));
}

void print_text(const std::string& annotations, const DatasetCheck& check) {
    if (!check.tool.empty()) {
        fmt::print("{}: written by {}\n", annotations, check.tool);
    }
    for (const Finding& item : check.findings) {
        fmt::print("{:>6}  {}: {}\n        to fix: {}\n", item.count, item.name, item.consequence,
                   fix_of(item));
        for (const std::string& example : item.examples) {
            fmt::print("        {}\n", example);
        }
    }
    const std::size_t wrong = check.problems();
    fmt::print("{}: {}\n", annotations,
               wrong == 0 ? std::string("no problems found") : counted(wrong, "problem"));
}

void print_text(const DatasetStatistics& statistics) {
    fmt::print("{}: {} images ({} without objects), {} objects, {} categories\n\n",
               statistics.source, statistics.counts.images, statistics.images_without_objects,
               statistics.counts.objects, statistics.counts.categories);
    fmt::print("{:>8} {:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9}\n", "id", "category",
               "images", "objects", "crowds", "no mask", "small", "medium", "large", "median px");
    for (const CategoryStatistics& item : statistics.categories) {
        fmt::print("{:>8} {:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9.0f}\n", item.id,
                   item.name, item.images, item.objects, item.crowds, item.without_mask, item.small,
                   item.medium, item.large, std::sqrt(item.median_area));
    }
    for (const Histogram& item : statistics.histograms) {
        fmt::print("\n{}\n", item.title);
        std::size_t most = 1;
        for (const auto& bar : item.bars) {
            most = std::max(most, bar.count);
        }
        for (const auto& [label, count] : item.bars) {
            fmt::print("{:>14} {:>8} {}\n", label, count, std::string(count * 50 / most, '#'));
        }
    }
}

void print_json(const DatasetStatistics& statistics) {
    Json categories = Json::array();
    for (const CategoryStatistics& item : statistics.categories) {
        categories.push_back({{"id", item.id},
                              {"name", item.name},
                              {"images", item.images},
                              {"objects", item.objects},
                              {"crowds", item.crowds},
                              {"without_mask", item.without_mask},
                              {"small", item.small},
                              {"medium", item.medium},
                              {"large", item.large}});
    }
    Json histograms = Json::object();
    for (const Histogram& item : statistics.histograms) {
        Json bars = Json::array();
        for (const auto& [label, count] : item.bars) {
            bars.push_back(Json::array({label, count}));
        }
        histograms[item.title] = bars;
    }
    fmt::print("{}\n", Json{{"data", statistics.source},
                            {"images", statistics.counts.images},
                            {"objects", statistics.counts.objects},
                            {"categories", categories},
                            {"histograms", histograms}}
                           .dump(1));
}

void print_skipped(const std::vector<std::string>& skipped) {
    for (const std::string& reason : skipped) {
        detail::say("skipped: {}\n", reason);
    }
}

void print_objects_left_out(const std::vector<std::string>& objects, const char* why) {
    if (objects.empty()) {
        return;
    }
    const std::span shown(objects.data(), std::min(objects.size(), kMostNamed));
    detail::say("left out: {} {}: {}{}\n", counted(objects.size(), "object"), why,
                fmt::join(shown, ", "), shown.size() < objects.size() ? ", ..." : "");
}

void print_left_out(std::size_t annotations) {
    if (annotations > 0) {
        detail::say("left out: {} of images that the file does not list\n",
                    counted(annotations, "annotation"));
    }
}

}  // namespace

void print_check(const std::string& annotations, const DatasetCheck& check, bool json) {
    json ? print_json(annotations, check) : print_text(annotations, check);
}

void print_statistics(const DatasetStatistics& statistics, bool json) {
    json ? print_json(statistics) : print_text(statistics);
}

void print_counts(const std::string& file, const DatasetCounts& counts) {
    detail::say("{}: {} images, {} objects, {} categories\n", file, counts.images, counts.objects,
                counts.categories);
}

void print_split(const std::string& train, const std::string& val, const SplitReport& report) {
    fmt::print("{}: {} images\n{}: {} images\n", train, report.train_images, val,
               report.val_images);
    if (!report.one_sided.empty()) {
        const auto shown =
            std::span(report.one_sided).first(std::min(report.one_sided.size(), kMostNamed));
        detail::say(
            "only in one of the files: {} ({}{}); a larger --fraction "
            "has room for more\n",
            report.one_sided.size() == 1 ? "1 category"
                                         : fmt::format("{} categories", report.one_sided.size()),
            fmt::join(shown, ", "), shown.size() < report.one_sided.size() ? ", ..." : "");
    }
    if (report.val_images == 0) {
        detail::say("{}: no images: a split needs at least two\n", val);
    }
    print_left_out(report.left_out);
}

void print_merge(const std::string& file, const MergeReport& report) {
    for (const MappedCategory& category : report.mapped) {
        detail::say("{}: category {} \"{}\" becomes {}\n", category.source, category.from,
                    category.name, category.to);
    }
    print_counts(file, report.written);
    print_left_out(report.left_out);
}

void print_import(const std::string& file, const DatasetImport& import) {
    for (const PassedOver& passed : import.passed_over) {
        print_passed_over(passed);
    }
    for (const std::string& reading : import.readings) {
        detail::say("{}\n", reading);
    }
    print_skipped(import.skipped);
    if (!import.shapes_left_out.empty()) {
        std::vector<std::string> kinds;
        for (const auto& [kind, count] : import.shapes_left_out) {
            kinds.push_back(counted(count, kind));
        }
        detail::say("left out: {}\n", fmt::join(kinds, ", "));
    }
    print_objects_left_out(import.without_pixels, "without pixels");
    print_counts(file, import.written);
}

void print_export(const std::string& folder, const ExportReport& report, LabelFormat format) {
    detail::say(
        "wrote {} of {} to {}\n",
        format == LabelFormat::csv ? "measurements" : fmt::format("{} labels", name_of(format)),
        counted(report.images, "image"), folder);
    if (report.crowds_left_out > 0) {
        detail::say("left out: {}, which {} files cannot represent\n",
                    counted(report.crowds_left_out, "crowd"), name_of(format));
    }
    if (report.objects_without_mask > 0) {
        detail::say("left out: {} without a mask\n",
                    counted(report.objects_without_mask, "object"));
    }
    print_objects_left_out(report.without_pixels, "without pixels");
    print_objects_left_out(report.covered, "covered by others");
    print_skipped(report.skipped);
}

}  // namespace embedmask::cli
