// embedmask eval: COCO AP of results files, and where it is lost.
#include "eval.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>

#include "command.h"
#include "embedmask/error.h"
#include "eval_compare.h"
#include "eval_html.h"
#include "eval_model.h"
#include "eval_report.h"

namespace embedmask::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string model;
    PredictorFlags predictor;
    std::vector<std::string> results;
    std::string data;
    std::string images;
    std::vector<std::string> types;
    std::vector<std::string> compare;
    std::string json;
    std::string csv;
    std::string html;
    std::string thresholds;
    std::vector<std::string> areas;
    std::vector<int> max_detections;
    int bootstrap = 0;
    bool per_category = false;
    bool class_agnostic = false;
    bool tide = false;
    bool confusion = false;
};

double number_of(const std::string& text, const std::string& option) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size())
        throw Error(fmt::format("{}: found \"{}\": expected a number", option, text));
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

/// "0.5,0.75" or "0.5:0.95:0.05", both ends included.
std::vector<double> thresholds_of(const std::string& text) {
    if (text.empty()) return {};
    std::vector<double> values;
    const auto range = split(text, ':');
    if (range.size() == 3) {
        const double first = number_of(range[0], "--iou");
        const double last = number_of(range[1], "--iou");
        const double step = number_of(range[2], "--iou");
        const double count = (last - first) / step;
        if (!(step > 0) || !(count >= 0 && count <= 1000))
            throw Error(fmt::format("--iou: found \"{}\": expected FIRST:LAST:STEP", text));
        for (int i = 0; i <= std::lround(count); ++i)
            values.push_back(first + i * step);
        return values;
    }
    for (const std::string& part : split(text, ','))
        values.push_back(number_of(part, "--iou"));
    return values;
}

/// NAME=LOW:HIGH in pixels.
AreaRange area_of(const std::string& text) {
    const auto named = split(text, '=');
    const auto ends = split(named.back(), ':');
    if (named.size() != 2 || ends.size() != 2)
        throw Error(fmt::format("--area: found \"{}\": expected NAME=LOW:HIGH", text));
    return {named[0], number_of(ends[0], "--area"), number_of(ends[1], "--area")};
}

IouType type_of(const std::string& name) {
    for (const IouType type : {IouType::bbox, IouType::segm, IouType::boundary})
        if (name == name_of(type)) return type;
    throw Error(fmt::format("--type: found \"{}\": expected bbox, segm or boundary", name));
}

EvaluationOptions evaluation_options(const Options& options, IouType type) {
    EvaluationOptions result;
    result.type = type;
    result.iou_thresholds = thresholds_of(options.thresholds);
    for (const std::string& area : options.areas)
        result.area_ranges.push_back(area_of(area));
    result.max_detections = options.max_detections;
    result.class_agnostic = options.class_agnostic;
    result.bootstrap_samples = options.bootstrap;
    result.per_image = !options.json.empty() || !options.html.empty();
    result.threads = options.predictor.threads;
    return result;
}

void warn_unknown_masks(const Dataset& dataset) {
    std::size_t unknown = 0;
    for (const Annotation& annotation : dataset.annotations)
        if (annotation.segmentation.form == Segmentation::Form::none) ++unknown;
    if (unknown > 0)
        fmt::print(stderr, "{}: {} of {} annotations have no mask and count as never found\n",
                   dataset.source, unknown, dataset.annotations.size());
}

// Of a model, or of results files; a file's records serve as boxes and as masks.
ModelResults results_of(const Options& options, const Dataset& dataset) {
    if (!options.model.empty()) {
        return predict_results(options.model, dataset, options.images, options.predictor);
    }
    ModelResults results;
    for (const std::string& path : options.results) {
        auto part = read_results(path, options.predictor.threads);
        require_known_ids(dataset, part, path);
        std::move(part.begin(), part.end(), std::back_inserter(results.boxes));
    }
    results.masks = results.boxes;
    return results;
}

void evaluate_results(const Options& options) {
    const auto start = Clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    const Dataset dataset = read_dataset(options.data, {options.predictor.threads, false});
    if (!dataset.has_annotations)
        throw Error(fmt::format("{}: the key \"annotations\" is missing: nothing to score against",
                                options.data));
    const ModelResults results = results_of(options, dataset);
    const std::string names =
        options.model.empty() ? fmt::format("{}", fmt::join(options.results, ", ")) : options.model;
    const double loaded = seconds();

    Report report{options.data, names, &dataset, {}};
    const std::vector<std::string> both{"bbox", "segm"};
    for (const std::string& name : options.types.empty() ? both : options.types) {
        TypeReport item;
        item.type = type_of(name);
        if (item.type != IouType::bbox) warn_unknown_masks(dataset);
        const auto& chosen = item.type == IouType::bbox ? results.boxes : results.masks;
        item.evaluation = evaluate(dataset, chosen, evaluation_options(options, item.type), names);
        const bool page = !options.html.empty();
        if ((options.tide || page) && item.type != IouType::boundary)
            item.tide = tide_errors(dataset, chosen, item.type, options.predictor.threads);
        if ((options.confusion || page) && item.type != IouType::boundary)
            item.confusion =
                confusion_matrix(dataset, chosen, item.type, 0.3, 0.5, options.predictor.threads);
        report.types.push_back(std::move(item));
    }
    print_report(report, options.per_category);
    fmt::print(stderr,
               "{} images, {} annotations, {} detections: read in {:.3f} s, scored in {:.3f} s\n",
               dataset.images.size(), dataset.annotations.size(), results.boxes.size(), loaded,
               seconds() - loaded);
    if (!options.json.empty()) write_json(options.json, report);
    if (!options.csv.empty()) write_csv(options.csv, report);
    if (!options.html.empty()) write_html(options.html, report, results.masks, options.images);
}

}  // namespace

void add_eval_command(CLI::App& app) {
    auto options = std::make_shared<Options>();
    CLI::App* command = add_command(
        app, "eval", "Score detections with COCO AP, equal to pycocotools digit for digit",
        {"embedmask eval pedestrians --data instances_val.json --images photos",
         "embedmask eval --results detections_segm.json --data instances_val.json",
         "embedmask eval --compare before.json after.json"});
    command->add_option("model", options->model, "model to run and score: a file or a name");
    command->add_option("--results", options->results,
                        "COCO results file of any tool; several (shards) are taken together");
    command->add_option("--data", options->data, "COCO annotation file");
    command->add_option("--images", options->images,
                        "folder of the photos: of a MODEL's data, or for --html");
    command->add_option("--type", options->types, "bbox, segm, boundary (default: bbox and segm)");
    command->add_option("--compare", options->compare, "two reports written by --json")
        ->expected(2);
    command->add_flag("--per-category", options->per_category, "a table of all categories");
    command->add_option("--json", options->json, "write the report to this file");
    command->add_option("--csv", options->csv, "write a table to this file");
    command->add_option("--html", options->html, "write a page with curves and worst images");
    command->add_flag("--tide", options->tide, "split lost AP into kinds of errors");
    command->add_flag("--confusion", options->confusion, "confusion matrix in --json");
    command->add_option("--bootstrap", options->bootstrap, "samples for the interval of AP");
    command->add_option("--iou", options->thresholds, "thresholds: 0.5,0.75 or 0.5:0.95:0.05");
    command->add_option("--area", options->areas, "NAME=LOW:HIGH in pixels, repeatable");
    command->add_option("--max-dets", options->max_detections, "e.g. 1,10,100")->delimiter(',');
    command->add_flag("--class-agnostic", options->class_agnostic, "one category for everything");
    options->predictor.add_to(*command);
    command->callback([options] {
        if (!options->compare.empty()) {
            compare_reports(options->compare[0], options->compare[1]);
            return;
        }
        if (options->data.empty() || options->results.empty() == options->model.empty()) {
            throw CLI::ValidationError("eval needs --data with a MODEL or --results, or --compare");
        }
        if (!options->model.empty() && options->images.empty()) {
            throw CLI::ValidationError("eval MODEL needs --images DIR");
        }
        evaluate_results(*options);
    });
}

}  // namespace embedmask::cli
