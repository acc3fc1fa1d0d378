#include "eval_print.h"
#include "base/standard_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace embedmask::cli {
namespace {

constexpr std::size_t kShown = 15;  // categories and images
constexpr std::size_t kNamed = 5;   // ids in one line

void print_tide(const scoring::TypeScores& item) {
    const TideErrors& tide = *item.tide;
    fmt::print("\nTIDE: AP50 {:.2f}; points lost to each kind of error:\n", tide.ap);
    fmt::print(
        "  classification {:.2f}  localisation {:.2f}  both {:.2f}  duplicate {:.2f}  "
        "background {:.2f}  missed {:.2f}\n",
        tide.classification, tide.localization, tide.both, tide.duplicate, tide.background,
        tide.missed);
    fmt::print("  false positives {:.2f}  false negatives {:.2f}\n", tide.false_positive,
               tide.false_negative);
    if (const std::string note = report::tide_note(item); !note.empty()) {
        fmt::print("  {}\n", note);
    }
}

/// A number, or a dash if it is undefined.
std::string number_text(double value, int digits = 3) {
    return value < 0 ? "-" : fmt::format("{:.{}f}", value, digits);
}

void print_categories(const report::Report& report, const scoring::TypeScores& item) {
    const report::CategoryNames names(*report.dataset);
    const auto metrics = report::table_metrics(item.evaluation.options);
    fmt::print("\n{:<24}", "category");
    for (const Metric& metric : metrics) {
        fmt::print(" {:>7}", metric.name);
    }
    fmt::print("\n");
    for (std::size_t k = 0; k < item.evaluation.categories.size(); ++k) {
        fmt::print("{:<24}", names(item.evaluation.categories[k]));
        for (const Metric& metric : metrics) {
            fmt::print(" {:>{}}", number_text(item.evaluation.category_value(metric, k)),
                       std::max<std::size_t>(metric.name.size(), 7));
        }
        fmt::print("\n");
    }
}

void print_sweep(const scoring::TypeScores& item) {
    std::vector<std::size_t> shown;
    const auto metrics = item.evaluation.metrics();
    fmt::print("\n{:>14}", "mask threshold");
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        if (metrics[i].precision && metrics[i].area == 0) {
            shown.push_back(i);
            fmt::print(" {:>8}", metrics[i].name);
        }
    }
    fmt::print("   {}\n", name_of(item.type));
    for (const scoring::SweepPoint& point : item.sweep) {
        fmt::print("{:>14}", point.threshold);
        for (const std::size_t i : shown) {
            fmt::print(" {:>{}}", fmt::format("{:.4f}", point.values[i]),
                       std::max<std::size_t>(metrics[i].name.size(), 8));
        }
        fmt::print("\n");
    }
}

std::string change_text(const report::Change& change) {
    return change.is_defined() ? fmt::format("{:+.3f}", change.difference()) : "undefined";
}

void print_changes(const report::Changes& changes, const char* title) {
    fmt::print("\n{}: {} changed\n", title, changes.numbers.size());
    const auto print = [](const std::vector<report::Change>& list) {
        for (std::size_t i = 0; i < std::min(list.size(), kShown); ++i) {
            fmt::print("  {:<24} {} -> {}  ({})\n", list[i].name, number_text(list[i].before),
                       number_text(list[i].after), change_text(list[i]));
        }
    };
    print(changes.numbers);
    if (!changes.undefined.empty()) {
        fmt::print("{}: {} undefined in one of the reports\n", title, changes.undefined.size());
        print(changes.undefined);
    }
}

/// "annotations 4, 7, 9 and 2 more".
std::string listed_ids(const char* noun, const std::vector<std::int64_t>& ids) {
    std::string text = fmt::format(
        "{}{} {}", noun, ids.size() == 1 ? "" : "s",
        fmt::join(ids.begin(),
                  ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), kNamed)), ", "));
    if (ids.size() > kNamed) {
        text += fmt::format(" and {} more", ids.size() - kNamed);
    }
    return text;
}

/// Every shared id once.
std::vector<std::int64_t> unique_ids(const GroundTruthNotes& notes) {
    std::vector<std::int64_t> ids;
    for (const std::int64_t id : std::set(notes.shared_ids.begin(), notes.shared_ids.end())) {
        ids.push_back(id);
    }
    return ids;
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
            print_tide(item);
        }
        if (!item.sweep.empty()) {
            print_sweep(item);
        }
        fmt::print("\n");
    }
}

void print_notes(const Dataset& dataset, const GroundTruthNotes& notes, bool masks) {
    const auto print = [&](const std::vector<std::int64_t>& ids, const char* what) {
        if (!ids.empty()) {
            detail::say("{}: {} of {} objects have {} ({})\n", dataset.source, ids.size(),
                        notes.objects, what, listed_ids("annotation", ids));
        }
    };
    if (masks && notes.known_masks < notes.objects) {
        detail::say("{}: {} of {} annotations have no mask and count as missed\n", dataset.source,
                    notes.objects - notes.known_masks, notes.objects);
    }
    if (!dataset.problems.empty()) {
        detail::say("{}: {} of {} objects have a broken mask, which boxes do not need\n",
                    dataset.source, dataset.problems.size(), notes.objects);
    }
    print(notes.masks_without_pixels, "a mask without pixels");
    print(notes.boxes_without_area, "a box without area");
    print(notes.areas_of_nothing,
          "an area of 0 or less, which counts as small, and below 0 not at all");
    print(notes.areas_too_large,
          "an area above that of their image or twice that of their box, which counts as large");
    if (!notes.shared_ids.empty()) {
        detail::say(
            "{}: {} annotations share an id ({}): as in pycocotools, the last annotation "
            "with an id counts in place of each of them; give every annotation its own id\n",
            dataset.source, notes.shared_ids.size(), listed_ids("id", unique_ids(notes)));
    }
    if (!notes.shared_image_ids.empty()) {
        detail::say(
            "{}: several images share an id ({}): as in pycocotools, the last of them "
            "counts, with the objects of all\n",
            dataset.source, listed_ids("id", notes.shared_image_ids));
    }
    if (notes.federated) {
        detail::say(
            "{}: has keys of LVIS, but this AP is not LVIS AP, which takes 300 detections "
            "of an image and leaves out categories that were not looked for in it\n",
            dataset.source);
    }
}

void print_comparison(const report::Comparison& comparison) {
    for (const std::string& warning : comparison.warnings) {
        detail::say("{}\n", warning);
    }
    for (const report::TypeComparison& item : comparison.types) {
        fmt::print("{}: {} -> {}\n", item.type, comparison.before, comparison.after);
        for (const report::Change& change : item.stats) {
            fmt::print("  {:<6} {:>7} -> {:>7}  ({})\n", change.name, number_text(change.before),
                       number_text(change.after), change_text(change));
        }
        print_changes(item.categories, "categories");
        print_changes(item.images, "images");
        fmt::print("\n");
    }
}

}  // namespace embedmask::cli
