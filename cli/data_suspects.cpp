// embedmask data suspects: likely label errors, and labels for images that have none.
#include "data_suspects.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/atomic_file.h"
#include "base/input_files.h"
#include "base/standard_output.h"
#include "command.h"
#include "data/recorded_image.h"
#include "embedmask/data.h"
#include "embedmask/error.h"
#include "embedmask/predictor.h"
#include "embedmask/suspects.h"
#include "predictor_options.h"
#include "progress.h"
#include "range_option.h"
#include "report/report.h"
#include "report/suspects_report.h"
#include "scoring/predict_images.h"
#include "scoring/result_sets.h"
#include "scoring/score.h"

namespace embedmask::cli {
namespace {

constexpr std::size_t kTableRows = 20;
constexpr std::size_t kDefaultLimit = 100;
constexpr double kPrelabelScore = 0.3;  // as for overlays: below, most detections are wrong

struct SuspectsFlags {
    std::string model;
    std::string data;
    std::string images;
    std::string json;
    std::string html;
    std::string prelabel;
    double prelabel_score = kPrelabelScore;
    std::size_t limit = kDefaultLimit;
    std::vector<std::string> kinds;
    PredictorFlags predictor;
};

class SuspectsRun {
public:
    explicit SuspectsRun(const SuspectsFlags& flags)
        : flags_(flags),
          dataset_(read_dataset(flags.data,
                                {.threads = flags.predictor.threads, .keep_problems = true})) {
        data::require_unique_images(dataset_);
        options_.most = flags.limit;
        for (const std::string& kind : flags.kinds) {
            options_.kinds.push_back(suspect_kind(kind).value());
        }
        const std::filesystem::path model_file = find_model(flags.model);
        require_outputs(model_file);
        const Model model = read_model(model_file);
        const std::size_t unknown = scoring::require_known_categories(model, dataset_, true);
        if (unknown == model.categories.size()) {
            throw Error(fmt::format("{}: found no category of {}: expected the same category ids "
                                    "and names in both",
                                    flags.data, flags.model),
                        "use a model that was trained with these categories");
        }
        if (unknown > 0) {
            detail::say("{}: {} of {} categories are not in {}: their detections are left out\n",
                        flags.model, unknown, model.categories.size(), flags.data);
        }
        predictor_ = std::make_unique<Predictor>(model, flags.predictor.resolve(model, false));
    }

    /// Returns whether all images could be read.
    bool run() {
        predict();
        if (!flags_.prelabel.empty()) {
            const PrelabelReport labels =
                prelabel_dataset(flags_.data, results_, flags_.prelabel, flags_.prelabel_score);
            detail::say("{}: {} for {} of {} without labels\n", flags_.prelabel,
                        counted(labels.objects, "annotation"), labels.images,
                        counted(labels.unlabelled, "image"));
        }
        // Before labels are set aside: the fingerprint is that of the file.
        const std::string fingerprint = report::data_fingerprint(dataset_);
        set_aside();
        const std::vector<Suspect> suspects = find_suspects(dataset_, results_, options_);
        const report::SuspectsReport report{
            .data = flags_.data,
            .model = std::filesystem::path(flags_.model).filename().string(),
            .fingerprint = fingerprint,
            .dataset = dataset_,
            .results = results_,
            .suspects = suspects,
            .settings = settings(),
            .options = options_,
            .skipped = skipped_,
            .decode = flags_.predictor.decode_options()};
        const bool drawn = publish(report);
        print_summary(suspects);
        return skipped_.empty() && drawn;
    }

private:
    void require_outputs(const std::filesystem::path& model_file) const {
        detail::InputFiles inputs;
        inputs.add(model_file);
        inputs.add(flags_.data);
        data::add_images(inputs, dataset_, flags_.images);
        detail::NamedOutputs outputs(inputs);
        outputs.add("--json", flags_.json == "-" ? "" : flags_.json);
        outputs.add("--html", flags_.html);
        outputs.add("--prelabel", flags_.prelabel);
        if (!std::filesystem::is_directory(flags_.images)) {
            throw Error(fmt::format("--images {}: found no such folder: expected the folder of the "
                                    "images",
                                    flags_.images),
                        "pass the folder that the file names in the annotation file start from");
        }
    }

    void predict() {
        std::unordered_set<std::int64_t> known;
        for (const Category& category : dataset_.categories) {
            known.insert(category.id);
        }
        const auto files = data::recorded_files(dataset_, flags_.images);
        std::set<std::int64_t> unread;
        Progress progress;
        const scoring::RunTotals totals = scoring::predict_images(
            *predictor_, files,
            {.decode = flags_.predictor.decode_options(),
             .skip_unreadable = true,
             .progress = [&](std::size_t done,
                             std::size_t total) { progress.update(done, total); }},
            {}, [&](std::size_t i, scoring::ImageOutcome& outcome) {
                if (!outcome.prediction) {
                    progress.clear();
                    print_error("skipped", Error(outcome.error, outcome.fix));
                    skipped_.push_back(outcome.error);
                    unread.insert(files[i].image_id);
                    return;
                }
                for (Detection& detection : outcome.prediction->detections) {
                    if (known.contains(detection.category_id)) {
                        add_result(files[i].image_id, detection);
                    }
                }
            });
        progress.finish();
        if (!files.empty() && totals.predicted() == 0) {
            throw Error(fmt::format("--images {}: found no readable image of {}: expected its "
                                    "images",
                                    flags_.images, flags_.data),
                        "pass the folder that the file names in the annotation file start from");
        }
        detail::say("{}: {}, precision {}\n{}\n", flags_.model, speed_of(totals),
                    name_of(predictor_->precision()), stages_of(totals, "keep"));
        std::erase_if(dataset_.images,
                      [&](const ImageRecord& image) { return unread.contains(image.id); });
    }

    void add_result(std::int64_t image_id, Detection& detection) {
        Result result = scoring::box_result(image_id, detection);
        if (!detection.mask.counts.empty()) {
            result.segmentation = {Segmentation::Format::rle, {}, std::move(detection.mask)};
        }
        results_.push_back(std::move(result));
    }

    /// Labels of categories that the model cannot find are no suspects, but explain detections, as
    /// crowds do.
    void set_aside() {
        const std::vector<std::int64_t> chosen =
            flags_.predictor.categories.empty() ? std::vector<std::int64_t>{} : chosen_ids();
        std::size_t count = 0;
        for (Annotation& annotation : dataset_.annotations) {
            const bool predicted =
                std::ranges::any_of(predictor_->categories(),
                                    [&](const Category& category) {
                                        return category.id == annotation.category_id;
                                    }) &&
                (chosen.empty() || std::ranges::count(chosen, annotation.category_id) > 0);
            count += predicted || annotation.crowd ? 0 : 1;
            annotation.crowd = annotation.crowd || !predicted;
        }
        if (count > 0) {
            detail::say("{} of categories that the model does not look for: not checked\n",
                        counted(count, "annotation"));
        }
    }

    [[nodiscard]] std::vector<std::int64_t> chosen_ids() const {
        std::vector<std::int64_t> ids;
        for (const Category& category : predictor_->categories()) {
            const auto& words = flags_.predictor.categories;
            if (std::ranges::count(words, category.name) > 0 ||
                std::ranges::count(words, fmt::format("{}", category.id)) > 0) {
                ids.push_back(category.id);
            }
        }
        return ids;
    }

    [[nodiscard]] scoring::ModelSettings settings() const {
        const Config& config = predictor_->config();
        return {.precision = name_of(predictor_->precision()),
                .score_threshold = config.score_thresh,
                .mask_threshold = config.mask_thresh,
                .short_side = config.input.short_test,
                .max_side = config.input.max,
                .categories = without_repetitions(flags_.predictor.categories),
                .range = flags_.predictor.range ? text_of(*flags_.predictor.range) : ""};
    }

    /// Returns whether all images could be drawn.
    [[nodiscard]] bool publish(const report::SuspectsReport& report) const {
        if (flags_.json == "-") {
            fmt::print("{}", report::suspects_json(report));
        } else if (!flags_.json.empty()) {
            detail::write_file_atomically(flags_.json, report::suspects_json(report));
        }
        std::vector<std::string> problems;
        if (!flags_.html.empty()) {
            detail::write_file_atomically(flags_.html,
                                          report::suspects_page(report, flags_.images, problems));
            for (const std::string& problem : problems) {
                detail::say("{}: an image is missing: {}\n", flags_.html, problem);
            }
        }
        if (flags_.json != "-") {
            print_table(report);
        }
        return problems.empty();
    }

    static void print_table(const report::SuspectsReport& report) {
        if (report.suspects.empty()) {
            return;
        }
        const ImageIndex images(report.dataset);
        const report::CategoryNames names(report.dataset);
        fmt::print("{:>4} {:>6} {:<9} {:>12} {:<24} {:>14} {:<14} {}\n", "rank", "score", "kind",
                   "image", "file", "annotation", "category", "reason");
        for (std::size_t i = 0; i < std::min(report.suspects.size(), kTableRows); ++i) {
            const Suspect& suspect = report.suspects[i];
            std::vector<std::int64_t> ids;
            std::string category;
            for (const std::size_t position : suspect.annotations) {
                const Annotation& label = report.dataset.annotations[position];
                ids.push_back(label.id);
                category = names(label.category_id);
            }
            fmt::print("{:>4} {:>6.3f} {:<9} {:>12} {:<24} {:>14} {:<14} {}\n", i + 1,
                       suspect.score, name_of(suspect.kind), suspect.image_id,
                       images.find(suspect.image_id)->file_name,
                       ids.empty() ? "-" : fmt::format("{}", fmt::join(ids, ",")),
                       category.empty() ? "-" : category, suspect.reason);
        }
    }

    static void print_summary(const std::vector<Suspect>& suspects) {
        std::map<SuspectKind, std::size_t> counts;
        for (const Suspect& suspect : suspects) {
            ++counts[suspect.kind];
        }
        std::vector<std::string> parts;
        for (const SuspectKind kind : kSuspectKinds) {
            parts.push_back(fmt::format("{} {}", name_of(kind), counts[kind]));
        }
        detail::say("{}: {}\n", counted(suspects.size(), "suspect"), fmt::join(parts, ", "));
    }

    const SuspectsFlags& flags_;
    Dataset dataset_;
    SuspectOptions options_;
    std::unique_ptr<Predictor> predictor_;
    std::vector<Result> results_;
    std::vector<std::string> skipped_;
};

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const SuspectKind kind : kSuspectKinds) {
        names.emplace_back(name_of(kind));
    }
    return names;
}

}  // namespace

void add_data_suspects(CLI::App& data) {
    auto flags = std::make_shared<SuspectsFlags>();
    CLI::App* command = add_command(
        data, "suspects", "List likely label errors, and label images that have no labels",
        {"embedmask data suspects coco-nano --data instances.json --images images/ "
         "--html out.html",
         "embedmask data suspects coco-nano --data ann.json --images images/ --prelabel new.json"});
    command->add_option("MODEL", flags->model, "Model file, or the name of an installed model")
        ->type_name("")
        ->required();
    command->add_option("--data", flags->data, "COCO annotation file")
        ->type_name("FILE")
        ->required();
    command->add_option("--images", flags->images, "Image folder")->type_name("DIR")->required();
    command->add_option("--json", flags->json, "Write the suspects as JSON; - is stdout")
        ->type_name("FILE");
    command->add_option("--html", flags->html, "Write a page that shows them in their images")
        ->type_name("FILE");
    command->add_option("--limit", flags->limit, "Number of suspects at most")
        ->check(CLI::Range(1, 1'000'000))
        ->type_name("INT")
        ->capture_default_str();
    command
        ->add_option("--kinds", flags->kinds,
                     "Only these: missing, category, mask, duplicate, object")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(kind_names()));
    command
        ->add_option("--prelabel", flags->prelabel,
                     "Write the annotation file with detections as annotations of the\n"
                     "images that have none")
        ->type_name("FILE");
    command
        ->add_option("--prelabel-score", flags->prelabel_score, "Lowest score of such a detection")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("FLOAT")
        ->capture_default_str();
    flags->predictor.add_to(*command);
    command->callback([flags] {
        if (!SuspectsRun(*flags).run()) {
            throw CLI::RuntimeError(1);
        }
    });
}

}  // namespace embedmask::cli
