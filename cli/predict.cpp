// embedmask predict: images → masks, in the formats of other tools.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <system_error>

#include "base/input_files.h"
#include "base/output_folder.h"
#include "base/signals.h"
#include "base/standard_output.h"
#include "command.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "embedmask/predictor.h"
#include "export_options.h"
#include "predictor_options.h"
#include "progress.h"
#include "report/document_writer.h"
#include "report/explanation.h"
#include "report/prediction_files.h"
#include "scoring/predict_images.h"
#include "shard_option.h"

namespace embedmask::cli {
namespace {

namespace fs = std::filesystem;
using report::OutputFormat;
using scoring::ImageOutcome;
using scoring::RunTotals;

// Images showing every detection above the detector's 0.05 would be unreadable.
constexpr double kOverlayScoreThreshold = 0.3;

struct PredictFlags {
    std::string model;
    std::vector<std::string> inputs;
    std::string data;
    std::string images;
    std::string out;
    std::string explain;
    std::vector<std::string> format_names;
    std::vector<OutputFormat> formats;  // of the given names, or the default
    std::string shard;
    bool json = false;
    bool force = false;
    ExportOptions exports;  // of pre-labels and measurements
    PredictorFlags predictor;
};

class PredictRun {
public:
    explicit PredictRun(const PredictFlags& options)
        : options_(options),
          shard_(options.shard.empty() ? std::nullopt : std::optional(parse_shard(options.shard))),
          found_(found_images(options)),
          images_(shard_ ? scoring::part_of(found_.images, *shard_) : found_.images),
          model_(read_model(find_model(options.model))),
          predictor_(model_, options.predictor.resolve(model_, !options.explain.empty())),
          score_threshold_(static_cast<float>(
              options.predictor.score_threshold.value_or(kOverlayScoreThreshold))),
          out_(options.out),
          explain_(options.explain),
          writer_(options.out, options.formats, score_threshold_, model_.categories),
          documents_(options.out, options.formats, suffix(), score_threshold_, model_.categories,
                     options.exports) {
        const auto names = writer_.unique_names(found_.images);
        writer_.set_names(shard_ ? scoring::part_of(names, *shard_) : names);
        for (const OutputFormat format :
             {OutputFormat::idmap, OutputFormat::labelme, OutputFormat::yolo, OutputFormat::csv}) {
            if (wants(format) && !has_masks(model_.config)) {
                throw Error(
                    fmt::format("--write {}: this model detects boxes only", name_of(format)),
                    "use --write coco,overlay, or a model whose embed_mode is not \"none\"");
            }
        }
        if (!options.explain.empty() && !has_masks(model_.config)) {
            throw Error("--explain: this model has no embeddings",
                        "use a model whose embed_mode is not \"none\"");
        }
        prepare_outputs();
    }

    int run() {
        for (const PassedOver& passed : found_.passed_over) {
            print_passed_over(passed);
        }
        for (const Error& error : found_.unusable) {
            print_error("skipped", error);
        }
        if (!options_.json) {
            detail::say("{}: {}, precision {}, {}\n", model_.name, counted(images_.size(), "image"),
                        name_of(predictor_.precision()),
                        counted(static_cast<std::size_t>(predictor_.streams()), "stream"));
        }
        std::optional<report::CocoWriter> coco;
        if (wants(OutputFormat::coco)) {
            coco.emplace(out_, suffix(), has_masks(model_.config));
        }
        Progress progress;
        // Ctrl-C keeps the images that are finished.
        const detail::StopSignal signal;
        const RunTotals totals = scoring::predict_images(
            predictor_, images_,
            {.decode = options_.predictor.decode_options(),
             .skip_unreadable = true,
             .stop = [] { return detail::StopSignal::received() != 0; },
             .progress = [&](std::size_t done,
                             std::size_t total) { progress.update(done, total); }},
            [&](std::size_t i, const Image& image, const Prediction& prediction) {
                write(i, image, prediction);
            },
            [&](std::size_t i, const ImageOutcome& outcome) {
                report_outcome(images_[i], outcome, progress);
                if (coco && outcome.prediction) {
                    coco->write(images_[i].image_id, *outcome.prediction);
                }
                if (outcome.prediction) {
                    documents_.write(images_[i], *outcome.prediction);
                }
            });
        std::vector<fs::path> files = documents_.finish();
        if (coco) {
            coco->finish();
            files.insert(files.begin(), coco->main_file());
        }
        progress.finish();
        print_summary(totals, files);
        if (totals.left_out > 0) {
            constexpr int kSignalled = 128;  // as shells report it
            return kSignalled + detail::StopSignal::received();
        }
        return totals.unreadable == 0 && found_.unusable.empty() ? 0 : 1;
    }

private:
    static data::FoundImages found_images(const PredictFlags& options) {
        if (options.data.empty()) {
            return data::find_images(options.inputs);
        }
        data::FoundImages found;
        found.images = data::annotated_images(options.data, options.images);
        return found;
    }

    [[nodiscard]] std::string suffix() const { return shard_ ? shard_->suffix() : ""; }

    /// Error if an output would replace an input or a file of others; then creates the folders.
    void prepare_outputs() {
        detail::InputFiles inputs;
        inputs.add(model_.name);
        inputs.add(options_.data);
        for (const std::string& input : options_.inputs) {
            if (input.starts_with('@')) {
                inputs.add(input.substr(1));
            }
        }
        for (const data::ImageFile& image : images_) {
            inputs.add(image.path);
        }
        if (wants(OutputFormat::coco)) {
            out_.require_replaceable(report::CocoWriter::names(suffix(), has_masks(model_.config)),
                                     inputs, options_.force);
        }
        writer_.require_replaceable(inputs, options_.force);
        documents_.require_replaceable(inputs, options_.force);
        if (!options_.explain.empty()) {
            report::require_replaceable_explanations(explain_, writer_.names(), inputs,
                                                     options_.force);
            explain_.create();
        }
        if (!options_.out.empty()) {
            out_.create();
        }
        writer_.create();
        documents_.create();
    }

    [[nodiscard]] bool wants(OutputFormat format) const {
        return std::find(options_.formats.begin(), options_.formats.end(), format) !=
               options_.formats.end();
    }

    void write(std::size_t i, const Image& image, const Prediction& prediction) {
        writer_.write(i, images_[i], image, prediction);
        if (!options_.explain.empty()) {
            report::write_explanation(explain_, writer_.names()[i], image, prediction,
                                      predictor_.config(), model_.categories, score_threshold_);
        }
    }

    void report_outcome(const data::ImageFile& input, const ImageOutcome& outcome,
                        Progress& progress) const {
        if (!outcome.prediction) {
            progress.clear();
            print_error("skipped", Error(outcome.error, outcome.fix));
        }
        if (!options_.json) {
            return;
        }
        try {
            fmt::print("{}\n",
                       outcome.prediction
                           ? report::json_line(input, *outcome.prediction, model_.categories)
                           : report::json_error_line(input, outcome.error, outcome.fix));
        } catch (const std::system_error&) {
            // Nobody reads on (`| head`): the run stops, and the other outputs are completed.
            if (detail::StopSignal::received() == 0) {
                throw;
            }
        }
    }

    void print_summary(const RunTotals& totals, const std::vector<fs::path>& files) const {
        detail::say("{}, {} detections\n{}\n", speed_of(totals), totals.detections,
                    stages_of(totals, "write"));
        if (totals.left_out > 0) {
            detail::say("stopped: {} of {} done; the results are those of these images\n",
                        totals.images, counted(images_.size(), "image"));
        }
        if (totals.unreadable > 0) {
            detail::say("{} of {} could not be read\n", totals.unreadable,
                        counted(totals.images, "image"));
        }
        if (totals.with_more_pages > 0) {
            detail::say(
                "{} with several pages: only the first one is read; pass FILE[1] for the "
                "second\n",
                counted(totals.with_more_pages, "file"));
        }
        for (const fs::path& file : files) {
            detail::say("results: {}\n", file.string());
        }
        if (wants(OutputFormat::overlay)) {
            detail::say("overlays: {}\n",
                        (fs::path(options_.out) / name_of(OutputFormat::overlay)).string());
        }
        if (!options_.explain.empty()) {
            detail::say("explanations: {}\n", options_.explain);
        }
    }

    const PredictFlags& options_;
    std::optional<scoring::Shard> shard_;
    data::FoundImages found_;
    std::vector<data::ImageFile> images_;
    Model model_;
    Predictor predictor_;
    float score_threshold_;
    detail::OutputFolder out_;
    detail::OutputFolder explain_;
    report::PerImageWriter writer_;
    report::DocumentWriter documents_;
};

std::vector<std::string> format_names() {
    std::vector<std::string> names;
    for (const OutputFormat format : report::kOutputFormats) {
        names.emplace_back(name_of(format));
    }
    return names;
}

void check(PredictFlags& options) {
    if (options.data.empty() == options.inputs.empty()) {
        throw CLI::ValidationError("pass images, or --data ANN.json --images DIR, but not both");
    }
    if (options.data.empty() != options.images.empty()) {
        throw CLI::ValidationError(options.data.empty() ? "--images needs --data ANN.json"
                                                        : "--data needs --images DIR");
    }
    for (const std::string& name : options.format_names) {
        options.formats.push_back(report::output_format(name).value());
    }
    if (options.formats.empty() && !options.out.empty()) {
        options.formats = {OutputFormat::coco, OutputFormat::overlay};
    }
    if (options.out.empty() && !options.formats.empty()) {
        throw CLI::ValidationError("--write needs --out DIR");
    }
    if (options.out.empty() && options.explain.empty() && !options.json) {
        throw CLI::ValidationError("no output requested: pass --out DIR, --explain DIR or --json");
    }
}

}  // namespace

void add_predict_command(CLI::App& app) {
    CLI::App* command =
        add_command(app, "predict", "Detect objects and their masks in images",
                    {"embedmask predict coco-nano samples --out out",
                     "embedmask predict coco-nano street.jpg --json | jq '.detections[0].score'"});
    const auto options = std::make_shared<PredictFlags>();
    command->add_option("MODEL", options->model, "Model file, or the name of an installed model")
        ->type_name("")
        ->required();
    command
        ->add_option("INPUT", options->inputs, "Images: files, folders, globs, @list or - (stdin)")
        ->type_name("");
    command
        ->add_option("--data", options->data,
                     "Predict the images of this COCO annotation file, in its order")
        ->type_name("FILE");
    command->add_option("--images", options->images, "Image folder of the annotation file")
        ->type_name("DIR");
    command->add_option("--out", options->out, "Output folder")->type_name("DIR");
    command->add_flag("--force", options->force,
                      "Replace files in the output folders that this program did not write");
    command
        ->add_option("--write", options->format_names,
                     "Outputs (default: coco,overlay):\n" + in_lines(format_names()))
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(format_names()));
    add_export_options(*command, options->exports, "--write");
    command
        ->add_option("--explain", options->explain,
                     "Folder for images that visualise the embeddings")
        ->type_name("DIR");
    command->add_flag("--json", options->json, "Print one line of JSON per image to stdout");
    command->add_option("--shard", options->shard,
                        "Predict only part i of n of the images: i/n or auto");
    options->predictor.add_to(*command);
    command->get_option("--score-threshold")
        ->description("Lowest score (default: the model's for coco and --json, else 0.3)");
    command->callback([options] {
        check(*options);
        const int code = PredictRun(*options).run();
        if (code != 0) {
            throw CLI::RuntimeError(code);
        }
    });
}

}  // namespace embedmask::cli
