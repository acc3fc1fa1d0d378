#include "eval_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace embedmask::cli {
namespace {

constexpr std::size_t kShown = 15;  // categories and images

void print_tide(const TideErrors& tide) {
    fmt::print("\nTIDE: AP50 {:.2f}; points lost to each kind of error:\n", tide.ap);
    fmt::print(
        "  classification {:.2f}  localisation {:.2f}  both {:.2f}  duplicate {:.2f}  "
        "background {:.2f}  missed {:.2f}\n",
        tide.classification, tide.localization, tide.both, tide.duplicate, tide.background,
        tide.missed);
    fmt::print("  false positives {:.2f}  false negatives {:.2f}\n", tide.false_positive,
               tide.false_negative);
}

void print_categories(const report::Report& report, const scoring::TypeScores& item) {
    fmt::print("\n{:<24} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}\n", "category", "AP", "AP50",
               "AP75", "APs", "APm", "APl", "AR100");
    for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
        const CocoStats stats = item.evaluation.category_stats(k);
        fmt::print("{:<24}", report::category_name(*report.dataset, item.evaluation.categories[k]));
        for (const std::size_t i : {0, 1, 2, 3, 4, 5, 8}) {
            fmt::print(" {:>7}", stats.at(i) < 0 ? "-" : fmt::format("{:.3f}", stats.at(i)));
        }
        fmt::print("\n");
    }
}

void print_sweep(const scoring::TypeScores& item) {
    fmt::print("\n{:>14} {:>8} {:>8} {:>8}   {}\n", "mask threshold", "AP", "AP50", "AP75",
               name_of(item.type));
    for (const scoring::SweepPoint& point : item.sweep) {
        fmt::print("{:>14} {:>8.4f} {:>8.4f} {:>8.4f}\n", point.threshold, point.stats[0],
                   point.stats[1], point.stats[2]);
    }
}

void print_changes(const std::vector<report::Change>& changes, const char* title) {
    fmt::print("\n{}: {} changed\n", title, changes.size());
    for (std::size_t i = 0; i < std::min(changes.size(), kShown); ++i) {
        fmt::print("  {:<24} {:.3f} -> {:.3f}  ({:+.3f})\n", changes[i].name, changes[i].before,
                   changes[i].after, changes[i].difference());
    }
}

}  // namespace

void print_report(const report::Report& report, bool per_category) {
    for (const scoring::TypeScores& item : report.types) {
        fmt::print("{}\n{}", name_of(item.type), item.evaluation.summary());
        const auto& interval = item.evaluation.ap_interval;
        if (item.evaluation.options.bootstrap_samples > 0) {
            fmt::print(" 95 % interval of AP over images ({} samples): {:.3f} to {:.3f}\n",
                       item.evaluation.options.bootstrap_samples, interval[0], interval[1]);
        }
        if (per_category) {
            print_categories(report, item);
        }
        if (item.tide) {
            print_tide(*item.tide);
        }
        if (!item.sweep.empty()) {
            print_sweep(item);
        }
        fmt::print("\n");
    }
}

void print_comparison(const report::Comparison& comparison) {
    for (const report::TypeComparison& item : comparison.types) {
        fmt::print("{}: {} -> {}\n", item.type, comparison.before, comparison.after);
        for (const report::Change& change : item.stats) {
            fmt::print("  {:<6} {:>7.3f} -> {:>7.3f}  ({:+.3f})\n", change.name, change.before,
                       change.after, change.difference());
        }
        print_changes(item.categories, "categories");
        print_changes(item.images, "images");
        fmt::print("\n");
    }
}

}  // namespace embedmask::cli
