// embedmask eval: COCO AP of models and results files, and where it is lost.
#include "eval.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <numeric>

#include "command.h"
#include "embedmask/error.h"
#include "eval_model.h"
#include "eval_options.h"
#include "eval_parts.h"
#include "eval_print.h"
#include "eval_results.h"
#include "eval_stream.h"
#include "report/compare.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"

namespace embedmask::cli {
namespace {

using Clock = std::chrono::steady_clock;
using report::kConfusionIou;
using report::kConfusionScore;
using report::Report;
using report::TypeReport;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Dataset read_ground_truth(const EvalOptions& options) {
    Dataset dataset = read_dataset(options.data, {options.predictor.threads, false});
    if (!dataset.has_annotations)
        throw Error(fmt::format("{}: the key \"annotations\" is missing: nothing to score against",
                                options.data));
    return dataset;
}

void warn_unknown_masks(const Dataset& dataset, const std::vector<IouType>& types) {
    if (types == std::vector{IouType::bbox}) return;
    std::size_t unknown = 0;
    for (const Annotation& annotation : dataset.annotations)
        if (annotation.segmentation.form == Segmentation::Form::none) ++unknown;
    if (unknown > 0)
        fmt::print(stderr, "{}: {} of {} annotations have no mask and count as never found\n",
                   dataset.source, unknown, dataset.annotations.size());
}

std::vector<TypeReport> score(const EvalOptions& options, const Dataset& dataset,
                              const ResultSets& results, const std::vector<IouType>& types,
                              const std::string& names) {
    std::vector<TypeReport> reports;
    for (const IouType type : types) {
        TypeReport& report = reports.emplace_back();
        report.type = type;
        report.evaluation =
            evaluate(dataset, results.of(type), evaluation_options(options, type), names);
    }
    return reports;
}

/// Prints and writes a report; `results` are what the error split, the confusion matrix and the
/// pictures need, where they are wanted.
void publish(const EvalOptions& options, Report& report, const ResultSets& results) {
    for (TypeReport& item : report.types) {
        const int threads = options.predictor.threads;
        const std::vector<Result>& own = results.of(item.type);
        if (options.wants_tide(item.type))
            item.tide = tide_errors(*report.dataset, own, item.type, threads);
        if (options.wants_confusion(item.type))
            item.confusion = confusion_matrix(*report.dataset, own, item.type, kConfusionScore,
                                              kConfusionIou, threads);
    }
    print_report(report, options.per_category);
    if (!options.json.empty()) report::write_json(options.json, report);
    if (!options.csv.empty()) report::write_csv(options.csv, report);
    if (!options.html.empty())
        report::write_html(options.html, report, results.of(report.types.back().type),
                           options.images);
}

void print_counts(const Dataset& dataset, std::size_t detections, double read, double scored) {
    fmt::print(stderr,
               "{} images, {} annotations, {} detections: read in {:.3f} s, scored in {:.3f} s\n",
               dataset.images.size(), dataset.annotations.size(), detections, read, scored);
}

void evaluate_files(const EvalOptions& options) {
    const auto start = Clock::now();
    const Dataset dataset = read_ground_truth(options);
    ResultSets results;
    read_into(results.boxes, options.results, dataset, options.predictor.threads);
    const double read = seconds_since(start);
    const auto types = types_of(options, true);
    warn_unknown_masks(dataset, types);
    const std::string names = fmt::format("{}", fmt::join(options.results, ", "));
    Report report{options.data, names, &dataset, {}};
    report.types = score(options, dataset, results, types, names);
    print_counts(dataset, results.boxes.size(), read, seconds_since(start) - read);
    publish(options, report, results);
}

/// The detections that publish() needs, of a model whose others are forgotten as they are scored.
class KeptResults {
public:
    KeptResults(const EvalOptions& options, const std::vector<IouType>& types) {
        results_.masks.emplace();
        for (const IouType type : types) {
            Kept& kept = type == IouType::bbox ? boxes_ : masks_;
            kept.all = kept.all || options.wants_tide(type);
            kept.confident = kept.confident || options.wants_confusion(type) ||
                             (!options.html.empty() && type == types.back());
        }
    }

    void add(std::int64_t image_id, const Prediction& prediction) {
        for (const Detection& detection : prediction.detections) {
            if (boxes_.wants(detection)) results_.boxes.push_back(box_result(image_id, detection));
            if (masks_.wants(detection))
                results_.masks->push_back(mask_result(image_id, detection));
        }
    }

    [[nodiscard]] const ResultSets& results() const { return results_; }

private:
    struct Kept {
        bool all = false;
        bool confident = false;  // for the confusion matrix and pictures

        [[nodiscard]] bool wants(const Detection& detection) const {
            return all || (confident && detection.score >= kConfusionScore);
        }
    };

    Kept boxes_;
    Kept masks_;
    ResultSets results_;
};

void evaluate_model(const EvalOptions& options) {
    const Dataset dataset = read_ground_truth(options);
    const ModelRun model(options, dataset);
    const auto types = types_of(options, model.has_masks());
    if (!model.thresholds().empty() && types == std::vector{IouType::bbox})
        throw Error(
            "--mask-thresholds: found boxes only: expected a model with masks and a --type "
            "that scores them");
    warn_unknown_masks(dataset, types);
    StreamScorer scorer(dataset, options, types, model.thresholds());
    KeptResults kept(options, types);
    std::vector<std::size_t> images(dataset.images.size());
    std::iota(images.begin(), images.end(), std::size_t{0});
    model.run(
        images,
        [&](const ImageRecord& image, Prediction& prediction) {
            scorer.add(image.id, prediction);
            for (Detection& detection : prediction.detections)
                detection.sweep.clear();
        },
        [&](const ImageRecord& image, Prediction& prediction) { kept.add(image.id, prediction); });
    Report report{options.data, std::filesystem::path(options.model).filename().string(), &dataset,
                  scorer.finish()};
    publish(options, report, kept.results());
}

// A report that cannot be written is better known before hours of work.
void require_folders(const EvalOptions& options) {
    for (const std::filesystem::path file : {options.json, options.csv, options.html}) {
        const std::filesystem::path folder = file.parent_path();
        if (folder.empty() || std::filesystem::is_directory(folder)) continue;
        throw Error(fmt::format("{}: there is no folder {}", file.string(), folder.string()),
                    "make the folder first, or choose another");
    }
}

void merge_parts(const EvalOptions& options) {
    require_folders(options);
    const auto start = Clock::now();
    const Dataset dataset = read_ground_truth(options);
    const int threads = options.predictor.threads;
    const MergedParts merged = read_parts(options.parts, dataset, threads);
    const double read = seconds_since(start);
    const auto types = types_of(options, merged.results.masks.has_value());
    warn_unknown_masks(dataset, types);
    Report report{options.data, merged.model, &dataset, {}};
    report.types = score(options, dataset, merged.results, types, merged.model);
    for (const MergedParts::Sweep& point : merged.sweep) {
        std::vector<Result> masks;
        read_into(masks, point.files, dataset, threads);
        for (TypeReport& item : report.types) {
            if (item.type != IouType::bbox) {
                item.sweep.push_back(
                    {point.threshold,
                     evaluate(dataset, masks, sweep_options(options, item.type), merged.model)
                         .stats()});
            }
        }
    }
    print_counts(dataset, merged.results.boxes.size(), read, seconds_since(start) - read);
    publish(options, report, merged.results);
}

void run_eval(const EvalOptions& options) {
    if (!options.compare.empty()) {
        print_comparison(report::compare_reports(options.compare[0], options.compare[1]));
        return;
    }
    if (!options.results.empty() && !options.model.empty())
        throw CLI::ValidationError("eval scores a MODEL or --results, not both");
    if (options.data.empty() || (options.results.empty() && options.model.empty()))
        throw CLI::ValidationError("eval needs --data with a MODEL or --results, or --compare");
    if (!options.model.empty() && options.images.empty())
        throw CLI::ValidationError("eval MODEL needs --images DIR");
    if (options.model.empty() && !(options.mask_thresholds.empty() && options.shard.empty()))
        throw CLI::ValidationError("--mask-thresholds and --shard need a MODEL");
    if (options.shard.empty() != options.out.empty())
        throw CLI::ValidationError("--shard and --out go together");
    require_folders(options);
    if (!options.shard.empty()) {
        write_part(options, read_dataset(options.data, {options.predictor.threads, false}));
    } else if (!options.model.empty()) {
        evaluate_model(options);
    } else {
        evaluate_files(options);
    }
}

void add_merge(CLI::App& eval) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command = add_command(
        eval, "merge", "Score the parts of `eval MODEL --shard i/n` as one run",
        {"embedmask eval merge parts/evaluation.shard-*.json --data instances_val.json"});
    command->add_option("parts", options->parts, "evaluation.shard-*.json of every part")
        ->required();
    add_report_flags(*command, *options);
    command->get_option("--data")->required();
    command->add_option("--threads", options->predictor.threads, "0 = all processors")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command->callback([options] { merge_parts(*options); });
}

}  // namespace

void add_eval_command(CLI::App& app) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command = add_command(
        app, "eval", "Score detections with COCO AP, equal to pycocotools digit for digit",
        {"embedmask eval pedestrians --data instances_val.json --images photos",
         "embedmask eval --results detections_segm.json --data instances_val.json",
         "embedmask eval --compare before.json after.json"});
    command->add_option("model", options->model, "model to run and score: a file or a name");
    command->add_option("--results", options->results,
                        "COCO results file of any tool; several (shards) are taken together");
    add_report_flags(*command, *options);
    command->add_option("--mask-thresholds", options->mask_thresholds,
                        "also score masks at these, from one pass: 0.45:0.54:0.01");
    command->add_option("--compare", options->compare, "two reports written by --json")
        ->expected(2);
    auto* shard = command->add_option("--shard", options->shard,
                                      "i/n or auto: predict this part only, for `eval merge`");
    command->add_option("--out", options->out, "folder for the files of the part");
    for (const char* flag :
         {"--json", "--csv", "--html", "--tide", "--confusion", "--bootstrap", "--type", "--iou",
          "--area", "--max-dets", "--per-category", "--class-agnostic"})
        shard->excludes(command->get_option(flag));
    options->predictor.add_to(*command);
    add_merge(*command);
    command->callback([options, command] {
        if (!command->got_subcommand("merge")) run_eval(*options);
    });
}

}  // namespace embedmask::cli
