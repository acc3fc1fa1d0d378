#include "eval_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "command.h"
#include "embedmask/error.h"

namespace embedmask::cli {
namespace {

constexpr double kMostNumbers = 1000;  // of a range
constexpr double kLargestArea = 1e10;  // of the range of all objects, as in COCO
constexpr double kSlack = 1e-6;        // includes the end of a range although 0.01 is inexact

double number_of(const std::string& word, const std::string& option) {
    const std::string text(detail::trimmed(word));
    std::size_t used = 0;
    double value = NAN;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || !std::isfinite(value)) {
        throw Error(fmt::format("{}: found \"{}\": expected a number", option, text));
    }
    return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back().push_back(c);
        }
    }
    return parts;
}

/// NAME=LOW:HIGH in pixels.
AreaRange area_of(const std::string& text) {
    const auto named = split(text, '=');
    const auto ends = split(named.back(), ':');
    const std::string name(detail::trimmed(named[0]));
    if (named.size() != 2 || ends.size() != 2 || name.empty()) {
        throw Error(fmt::format("--area: found \"{}\": expected NAME=LOW:HIGH", text));
    }
    AreaRange range{name, number_of(ends[0], "--area"), number_of(ends[1], "--area")};
    if (range.low > range.high) {
        throw Error(fmt::format("--area: found \"{}\": expected LOW at most HIGH", text));
    }
    return range;
}

/// The ranges of --area. AP is that of all objects, so the first range is "all".
std::vector<AreaRange> areas_of(const std::vector<std::string>& texts) {
    std::vector<AreaRange> ranges;
    for (const std::string& text : texts) {
        const AreaRange range = area_of(text);
        const auto same = std::ranges::find(ranges, range.name, &AreaRange::name);
        if (same == ranges.end()) {
            ranges.push_back(range);
        } else if (same->low != range.low || same->high != range.high) {
            throw Error(fmt::format("--area: found two ranges with the name \"{}\": expected one",
                                    range.name));
        }
    }
    const auto all = std::ranges::find(ranges, "all", &AreaRange::name);
    if (all != ranges.end()) {
        std::rotate(ranges.begin(), all, all + 1);
    } else if (!ranges.empty()) {
        ranges.insert(ranges.begin(), {"all", 0, kLargestArea});
    }
    return ranges;
}

IouType type_of(const std::string& name) {
    for (const IouType type : {IouType::bbox, IouType::segm, IouType::boundary}) {
        if (name == name_of(type)) {
            return type;
        }
    }
    throw Error(fmt::format("--type: found \"{}\": expected bbox, segm or boundary", name));
}

std::vector<IouType> types_of(const EvalOptions& options, bool has_masks) {
    std::vector<IouType> types;
    for (const std::string& name : without_repetitions(options.types)) {
        types.push_back(type_of(name));
        if (types.back() != IouType::bbox && !has_masks) {
            throw Error(
                fmt::format("--type {}: {} is a detector without masks", name, options.model),
                "use --type bbox");
        }
    }
    if (!types.empty()) {
        return types;
    }
    if (!has_masks) {
        return {IouType::bbox};
    }
    return {IouType::bbox, IouType::segm};
}

}  // namespace

void add_report_flags(CLI::App& command, EvalOptions& options) {
    command.add_option("--data", options.data, "COCO annotation file")->type_name("FILE");
    ignore_blanks(command
                      .add_option("--type", options.types,
                                  "IoU types: bbox, segm, boundary (default: bbox,segm)")
                      ->delimiter(',')
                      ->allow_extra_args(false));
    command.add_flag("--per-category", options.per_category, "Print a table of all categories");
    command.add_option("--json", options.json, "Write the report to this JSON file")
        ->type_name("FILE");
    command.add_option("--csv", options.csv, "Write a table to this CSV file")->type_name("FILE");
    command
        .add_option("--html", options.html, "Write an HTML page with curves and the worst images")
        ->type_name("FILE");
    command.add_option("--images", options.images, "Image folder, for a MODEL or for --html")
        ->type_name("DIR");
    command.add_flag("--tide", options.tide, "Report the AP lost to each kind of error (TIDE)");
    command.add_flag("--confusion", options.confusion,
                     "Add a confusion matrix to --json and --html");
    command
        .add_option("--bootstrap", options.bootstrap,
                    "Bootstrap samples for the confidence interval of AP")
        ->check(CLI::Range(0, 1000000));
    command.add_option("--iou", options.iou, "IoU thresholds: 0.5,0.75 or 0.5:0.95:0.05");
    command.add_option("--area", options.areas, "Area range NAME=LOW:HIGH in pixels; repeatable")
        ->allow_extra_args(false);
    ignore_blanks(command
                      .add_option("--max-dets", options.max_detections,
                                  "Detections per image and category, ascending: 1,10,100")
                      ->delimiter(',')
                      ->allow_extra_args(false));
    command.add_flag("--class-agnostic", options.class_agnostic, "Treat all categories as one");
    command.add_flag("--ignore-unknown", options.ignore_unknown,
                     "Leave out detections of categories that --data does not have");
}

std::vector<double> numbers_of(const std::string& text, const std::string& option) {
    if (text.empty()) {
        return {};
    }
    std::vector<double> values;
    if (text.find(':') == std::string::npos) {
        for (const std::string& part : split(text, ',')) {
            values.push_back(number_of(part, option));
        }
        return without_repetitions(values);
    }
    const auto range = split(text, ':');
    if (range.size() != 3) {
        throw Error(fmt::format("{}: found \"{}\": expected FIRST:LAST:STEP", option, text));
    }
    const double first = number_of(range[0], option);
    const double last = number_of(range[1], option);
    const double step = number_of(range[2], option);
    const double count = (last - first) / step + kSlack;
    if (!(step > 0) || !(count >= 0 && count < kMostNumbers)) {
        throw Error(
            fmt::format("{}: found \"{}\": expected FIRST:LAST:STEP with FIRST at most "
                        "LAST, a positive STEP and at most {} numbers",
                        option, text, kMostNumbers));
    }
    // 0.45 + 8 * 0.01 is not 0.53, but its decimals are.
    for (int i = 0; i <= static_cast<int>(count); ++i) {
        values.push_back(std::stod(fmt::format("{:.10g}", first + i * step)));
    }
    return without_repetitions(values);
}

scoring::ScoreOptions score_options(const EvalOptions& options, bool has_masks) {
    scoring::ScoreOptions result;
    result.types = types_of(options, has_masks);
    result.evaluation.iou_thresholds = numbers_of(options.iou, "--iou");
    std::ranges::sort(result.evaluation.iou_thresholds);
    result.evaluation.area_ranges = areas_of(options.areas);
    result.evaluation.max_detections = without_repetitions(options.max_detections);
    result.evaluation.ignore_unknown_categories = options.ignore_unknown;
    result.evaluation.class_agnostic = options.class_agnostic;
    result.evaluation.bootstrap_samples = options.bootstrap;
    result.evaluation.per_image = !options.json.empty() || !options.html.empty();
    result.evaluation.threads = options.predictor.threads;
    result.mask_thresholds = numbers_of(options.mask_thresholds, "--mask-thresholds");
    if (!result.mask_thresholds.empty() && result.types == std::vector{IouType::bbox}) {
        throw Error(
            "--mask-thresholds: found boxes only: expected a model with masks and a --type that "
            "scores masks");
    }
    // The page shows all of these.
    result.tide = options.tide || !options.html.empty();
    result.confusion = options.confusion || !options.html.empty();
    result.keep_drawn = !options.html.empty();
    return result;
}

}  // namespace embedmask::cli
