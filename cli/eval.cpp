// embedmask eval: COCO AP of models and results files, and an analysis of the errors.
#include "eval.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/input_files.h"
#include "base/paths.h"
#include "base/standard_output.h"
#include "command.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "eval_options.h"
#include "eval_print.h"
#include "progress.h"
#include "range_option.h"
#include "report/compare.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "scoring/parts.h"
#include "scoring/score.h"
#include "shard_option.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;
using detail::Clock;
using detail::seconds_since;
using report::Report;
using scoring::PredictImagesOptions;
using scoring::ResultSets;
using scoring::RunTotals;
using scoring::ScoreOptions;

detail::InputFiles inputs_of(const EvalOptions& options) {
    detail::InputFiles inputs;
    inputs.add(options.data);
    if (!options.model.empty()) {
        inputs.add(find_model(options.model));
    }
    for (const auto* files : {&options.results, &options.parts}) {
        for (const std::string& file : *files) {
            inputs.add(file);
        }
    }
    return inputs;
}

/// The reports to write, by option.
std::vector<std::pair<std::string, std::string>> reports_of(const EvalOptions& options) {
    std::vector<std::pair<std::string, std::string>> reports{
        {"--json", options.json}, {"--csv", options.csv}, {"--html", options.html}};
    std::erase_if(reports, [](const auto& report) { return report.second.empty(); });
    return reports;
}

// Fail before hours of work if a report cannot be written or would replace an input.
void require_outputs(const EvalOptions& options) {
    const detail::InputFiles inputs = inputs_of(options);
    detail::NamedOutputs outputs(inputs);
    for (const auto& [option, file] : reports_of(options)) {
        outputs.add(option, file);
        const fs::path folder = detail::write_target(file).path.parent_path();
        if (!folder.empty() && !detail::is_folder(folder)) {
            throw Error(fmt::format("{}: the folder {} does not exist", file, folder.string()),
                        "create it first, or choose another folder");
        }
    }
}

/// For inputs that other inputs name.
void require_other_outputs(const EvalOptions& options, const detail::InputFiles& inputs) {
    for (const auto& [option, file] : reports_of(options)) {
        inputs.require_other(file);
    }
}

void require_no_image(const EvalOptions& options, const Dataset& dataset) {
    if (options.images.empty() || reports_of(options).empty()) {
        return;
    }
    detail::InputFiles images;
    data::add_images(images, dataset, options.images);
    require_other_outputs(options, images);
}

/// Masks may be broken until `require_readable_masks`.
Dataset read_ground_truth(const EvalOptions& options) {
    Dataset dataset =
        read_dataset(options.data, {.threads = options.predictor.threads, .boxes_suffice = true});
    require_no_image(options, dataset);
    if (!dataset.has_annotations) {
        throw Error(
            fmt::format(
                "{}: the key \"annotations\" is missing, so there is nothing to score against",
                options.data),
            "pass an annotation file with ground truth; image lists cannot be scored");
    }
    if (dataset.annotations.empty()) {
        detail::say("{}: no annotations, so AP is undefined (-1)\n", options.data);
    }
    return dataset;
}

/// Error for the first broken mask if masks are scored.
void require_readable_masks(const Dataset& dataset, const ScoreOptions& wanted) {
    if (wanted.scores_masks() && !dataset.problems.empty()) {
        throw Error(dataset.problems.front(),
                    "repair the masks, or score boxes only (--type bbox)");
    }
}

/// Tells what is unusual about the ground truth; errors if it cannot be scored.
void check_ground_truth(const Dataset& dataset, const ScoreOptions& wanted) {
    const bool masks = wanted.scores_masks();
    require_readable_masks(dataset, wanted);
    if (masks) {
        require_scorable_masks(dataset);
    }
    print_notes(dataset, ground_truth_notes(dataset, masks, wanted.evaluation.threads), masks);
}

/// How results files are read: masks may be broken if only boxes are scored.
scoring::ReadOptions read_options(const EvalOptions& options, bool boxes_suffice) {
    return {.threads = options.predictor.threads,
            .boxes_suffice = boxes_suffice,
            .ignore_unknown_categories = options.ignore_unknown};
}

void print_unknown(const std::string& results, std::size_t unknown, const Dataset& dataset) {
    if (unknown > 0) {
        detail::say("{}: {} of categories that {} does not have: left out\n", results,
                    counted(unknown, "detection"), dataset.source);
    }
}

/// Prints and writes a report; the error analysis and the images need `results`.
void publish(const EvalOptions& options, const ScoreOptions& wanted, Report& report,
             const ResultSets& results) {
    scoring::add_error_analysis(report.types, *report.dataset, results, wanted);
    print_report(report, options.per_category);
    if (!options.json.empty()) {
        report::write_json(options.json, report);
    }
    if (!options.csv.empty()) {
        report::write_csv(options.csv, report);
    }
    if (!options.html.empty()) {
        const auto problems = report::write_html(
            options.html, report, results.of(report.types.back().type), options.images);
        for (const std::string& problem : problems) {
            detail::say("{}: an image is missing: {}\n", options.html, problem);
        }
        if (!problems.empty()) {
            throw CLI::RuntimeError(1);
        }
    }
}

void print_counts(const Dataset& dataset, std::size_t detections, double read, double scored) {
    detail::say("{} images, {} annotations, {} detections: read in {:.3f} s, scored in {:.3f} s\n",
                dataset.images.size(), dataset.annotations.size(), detections, read, scored);
}

void evaluate_files(const EvalOptions& options) {
    const auto start = Clock::now();
    const ScoreOptions wanted = score_options(options, true);
    const Dataset dataset = read_ground_truth(options);
    require_readable_masks(dataset, wanted);
    ResultSets results;
    const std::size_t unknown = scoring::read_into(results.boxes, options.results, dataset,
                                                   read_options(options, !wanted.scores_masks()));
    const double read = seconds_since(start);
    check_ground_truth(dataset, wanted);
    const std::string names = fmt::format("{}", fmt::join(options.results, ", "));
    print_unknown(names, unknown, dataset);
    Report report{
        options.data, names, &dataset, scoring::score_results(dataset, results, wanted, names), {}};
    print_counts(dataset, results.boxes.size(), read, seconds_since(start) - read);
    publish(options, wanted, report, results);
}

/// Compiles a model with the categories of the dataset; options are checked before that.
Predictor predictor_for(const EvalOptions& options, const Dataset& dataset) {
    const Model model = read_model(find_model(options.model));
    const std::size_t unknown =
        scoring::require_known_categories(model, dataset, options.ignore_unknown);
    if (unknown > 0) {
        detail::say("{}: {} of {} categories are not in {}: their detections are left out\n",
                    options.model, unknown, model.categories.size(), dataset.source);
    }
    data::require_unique_images(dataset);
    PredictorOptions flags = options.predictor.resolve(model, false);
    flags.sweep_thresholds = score_options(options, has_masks(model.config)).mask_thresholds;
    return Predictor(model, flags);
}

/// A part is not scored: what will stop the merge from scoring masks is better known before the
/// run.
void warn_unscorable_masks(const Dataset& dataset) {
    try {
        if (!dataset.problems.empty()) {
            throw Error(dataset.problems.front());
        }
        require_scorable_masks(dataset);
    } catch (const Error& error) {
        detail::say("{}\n  `embedmask eval merge` can only score boxes (--type bbox)\n",
                    error.what());
    }
}

scoring::ModelSettings model_settings(const EvalOptions& options, const Predictor& predictor) {
    const Config& config = predictor.config();
    return {.precision = name_of(predictor.precision()),
            .score_threshold = options.predictor.score_threshold.value_or(config.score_thresh),
            .mask_threshold = config.mask_thresh,
            .short_side = config.input.short_test,
            .max_side = config.input.max,
            .categories = without_repetitions(options.predictor.categories),
            .range = options.predictor.range ? text_of(*options.predictor.range) : ""};
}

PredictImagesOptions run_options(const EvalOptions& options, Progress& progress) {
    return {.decode = options.predictor.decode_options(),
            .progress = [&progress](std::size_t done, std::size_t total) {
                progress.update(done, total);
            }};
}

void print_run(const EvalOptions& options, const Predictor& predictor, const RunTotals& totals) {
    detail::say("{}: {}, precision {}\n{}\n", options.model, speed_of(totals),
                name_of(predictor.precision()), stages_of(totals, "score"));
}

void evaluate_model(const EvalOptions& options) {
    const Dataset dataset = read_ground_truth(options);
    const Predictor predictor = predictor_for(options, dataset);
    const ScoreOptions wanted = score_options(options, has_masks(predictor.config()));
    check_ground_truth(dataset, wanted);
    Progress progress;
    scoring::ModelScores scores = scoring::score_model(predictor, dataset, options.images, wanted,
                                                       run_options(options, progress));
    progress.finish();
    print_run(options, predictor, scores.totals);
    Report report{options.data, fs::path(options.model).filename().string(), &dataset,
                  std::move(scores.types), model_settings(options, predictor)};
    publish(options, wanted, report, scores.results);
}

void evaluate_part(const EvalOptions& options) {
    const scoring::Shard shard = parse_shard(options.shard);
    const Dataset dataset =
        read_dataset(options.data, {.threads = options.predictor.threads, .boxes_suffice = true});
    const Predictor predictor = predictor_for(options, dataset);
    if (has_masks(predictor.config())) {
        warn_unscorable_masks(dataset);
    }
    const scoring::ModelSettings model = model_settings(options, predictor);
    scoring::PartSettings settings{
        .model = fs::path(options.model).filename().string(),
        .data = fs::path(options.data).filename().string(),
        .score_threshold = model.score_threshold,
        .categories = model.categories,
        .range = model.range,
        .mask_thresholds = numbers_of(options.mask_thresholds, "--mask-thresholds")};
    Progress progress;
    const auto part =
        scoring::write_part(predictor, dataset, options.images, shard, settings, options.out,
                            run_options(options, progress), options.force);
    progress.finish();
    print_run(options, predictor, part.totals);
    detail::say("part: {}; score all parts with `embedmask eval merge`\n", part.manifest.string());
}

void merge_parts(const EvalOptions& options) {
    require_outputs(options);
    const auto start = Clock::now();
    const bool boxes_only = !options.types.empty() && !score_options(options, true).scores_masks();
    const Dataset dataset = read_ground_truth(options);
    const auto parts =
        scoring::read_parts(options.parts, dataset, read_options(options, boxes_only));
    detail::InputFiles results;
    for (const std::string& file : parts.files) {
        results.add(file);
    }
    require_other_outputs(options, results);
    const double read = seconds_since(start);
    const ScoreOptions wanted = score_options(options, parts.results.masks.has_value());
    check_ground_truth(dataset, wanted);
    print_unknown(parts.model, parts.unknown, dataset);
    Report report{options.data, parts.model, &dataset, scoring::score_parts(dataset, parts, wanted),
                  parts.settings};
    print_counts(dataset, parts.results.boxes.size(), read, seconds_since(start) - read);
    publish(options, wanted, report, parts.results);
}

void run_eval(const EvalOptions& options) {
    if (!options.compare.empty()) {
        print_comparison(report::compare_reports(options.compare[0], options.compare[1]));
        return;
    }
    if (!options.results.empty() && !options.model.empty()) {
        throw CLI::ValidationError("pass a MODEL or --results, not both");
    }
    if (options.data.empty() || (options.results.empty() && options.model.empty())) {
        throw CLI::ValidationError(
            "pass MODEL or --results FILE, each with --data ANN.json, or --compare BEFORE AFTER");
    }
    if (!options.model.empty() && options.images.empty()) {
        throw CLI::ValidationError("eval MODEL needs --images DIR");
    }
    if (without_repetitions(options.results).size() < options.results.size()) {
        throw CLI::ValidationError("--results: found a file twice: expected every file once");
    }
    if (options.model.empty() && !(options.mask_thresholds.empty() && options.shard.empty())) {
        throw CLI::ValidationError("--mask-thresholds and --shard need a MODEL");
    }
    if (options.shard.empty() != options.out.empty()) {
        throw CLI::ValidationError(options.out.empty() ? "--shard needs --out DIR"
                                                       : "--out is only used with --shard");
    }
    require_outputs(options);
    if (!options.shard.empty()) {
        evaluate_part(options);
    } else if (!options.model.empty()) {
        evaluate_model(options);
    } else {
        evaluate_files(options);
    }
}

void add_merge_parts(CLI::App& eval) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command = add_command(
        eval, "merge", "Score the parts written by `eval MODEL --shard i/n` as one run",
        {"embedmask eval merge parts/evaluation.shard-*.json --data instances_val.json"});
    command->add_option("PARTS", options->parts, "The evaluation.shard-*.json file of every part")
        ->type_name("")
        ->required();
    add_report_flags(*command, *options);
    command->get_option("--data")->required();
    command->get_option("--images")->description("Image folder, for the worst images in --html");
    command
        ->add_option("--threads", options->predictor.threads,
                     "Number of threads; 0 uses all processors")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command->callback([options] { merge_parts(*options); });
}

}  // namespace

void add_eval_command(CLI::App& app) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command =
        add_command(app, "eval", "Score detections with COCO AP, identical to pycocotools",
                    {"embedmask eval coco-nano --data instances_val.json --images images/",
                     "embedmask eval --results detections_segm.json --data instances_val.json",
                     "embedmask eval --compare before.json after.json"});
    command
        ->add_option("MODEL", options->model,
                     "Model to run and score: a file, or the name of an installed model")
        ->type_name("");
    command
        ->add_option("--results", options->results,
                     "COCO results files of any tool; several files are combined")
        ->type_name("FILE");
    add_report_flags(*command, *options);
    command->add_option("--mask-thresholds", options->mask_thresholds,
                        "Also score masks at these thresholds in the same pass: 0.45:0.54:0.01");
    command->add_option("--compare", options->compare, "Compare two reports written by --json")
        ->type_name("FILE")
        ->expected(2);
    auto* shard = command->add_option("--shard", options->shard,
                                      "Predict only part i of n (i/n or auto), for `eval merge`");
    command->add_option("--out", options->out, "Folder for the part's files")->type_name("DIR");
    command->add_flag("--force", options->force,
                      "Replace files in --out that this program did not write");
    for (const char* flag :
         {"--json", "--csv", "--html", "--tide", "--confusion", "--bootstrap", "--type", "--iou",
          "--area", "--max-dets", "--per-category", "--class-agnostic"}) {
        shard->excludes(command->get_option(flag));
    }
    options->predictor.add_to(*command);
    add_merge_parts(*command);
    command->callback([options, command] {
        if (!command->got_subcommand("merge")) {
            run_eval(*options);
        }
    });
}

}  // namespace embedmask::cli
