#include "scoring/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "scoring/stream_scorer.h"

namespace embedmask::scoring {
namespace {

/// The detections of a model that the error analysis and images need; all others are discarded
/// after scoring.
class KeptResults {
public:
    explicit KeptResults(const ScoreOptions& options) {
        results_.masks.emplace();
        for (const IouType type : options.types) {
            Kept& kept = type == IouType::bbox ? boxes_ : masks_;
            kept.all = kept.all || options.wants_tide(type);
            kept.confident = kept.confident || options.wants_confusion(type) ||
                             (options.keep_drawn && type == options.types.back());
        }
    }

    void add(std::int64_t image_id, const Prediction& prediction) {
        for (const Detection& detection : prediction.detections) {
            if (boxes_.wants(detection)) {
                results_.boxes.push_back(box_result(image_id, detection));
            }
            if (masks_.wants(detection)) {
                results_.masks->push_back(mask_result(image_id, detection));
            }
        }
    }

    [[nodiscard]] ResultSets take() { return std::move(results_); }

private:
    struct Kept {
        bool all = false;
        bool confident = false;  // for the confusion matrix and images

        [[nodiscard]] bool wants(const Detection& detection) const {
            return all || (confident && detection.score >= kConfusionScoreThreshold);
        }
    };

    Kept boxes_;
    Kept masks_;
    ResultSets results_;
};

}  // namespace

std::size_t require_known_categories(const Model& model, const Dataset& dataset,
                                     bool ignore_unknown) {
    std::size_t unknown = 0;
    for (const Category& category : model.categories) {
        const auto found = std::ranges::find(dataset.categories, category.id, &Category::id);
        if (found == dataset.categories.end() && ignore_unknown) {
            ++unknown;
            continue;
        }
        if (found == dataset.categories.end()) {
            throw Error(fmt::format("{}: category {} ({}) is not in {}", model.name, category.id,
                                    category.name, dataset.source),
                        "evaluate on a dataset with the category ids of the model, or leave out "
                        "such detections with --ignore-unknown");
        }
        if (found->name != category.name) {
            throw Error(fmt::format("category {} is \"{}\" in {} and \"{}\" in {}", category.id,
                                    category.name, model.name, found->name, dataset.source),
                        "evaluate on a dataset with the categories of the model");
        }
    }
    return unknown;
}

ModelScores score_model(const Predictor& predictor, const Dataset& dataset,
                        const std::filesystem::path& folder, const ScoreOptions& options,
                        const PredictImagesOptions& run, const UseImage& use) {
    const auto files = data::recorded_files(dataset, folder);
    PredictImagesOptions strict = run;
    strict.skip_unreadable = false;
    StreamScorer scorer(dataset, options);
    KeptResults kept(options);
    ModelScores scores;
    scores.totals = predict_images(
        predictor, files, strict,
        [&](std::size_t i, const Image& image, Prediction& prediction) {
            if (use) {
                use(i, image, prediction);
            }
            scorer.add(files[i].image_id, prediction);
            for (Detection& detection : prediction.detections) {
                detection.sweep.clear();
            }
        },
        [&](std::size_t i, ImageOutcome& outcome) {
            kept.add(files[i].image_id, *outcome.prediction);
        });
    scores.types = scorer.finish();
    scores.results = kept.take();
    return scores;
}

std::vector<TypeScores> score_results(const Dataset& dataset, const ResultSets& results,
                                      const ScoreOptions& options, const std::string& source) {
    std::vector<TypeScores> scores;
    for (const IouType type : options.types) {
        TypeScores& item = scores.emplace_back();
        item.type = type;
        item.evaluation = evaluate(dataset, results.of(type), options.evaluation_of(type), source);
    }
    return scores;
}

void add_error_analysis(std::vector<TypeScores>& scores, const Dataset& dataset,
                        const ResultSets& results, const ScoreOptions& options) {
    const int threads = options.evaluation.threads;
    for (TypeScores& item : scores) {
        const std::vector<Result>& own = results.of(item.type);
        if (options.wants_tide(item.type)) {
            item.tide = tide_errors(dataset, own, item.type, threads,
                                    options.evaluation.ignore_unknown_categories);
        }
        if (options.wants_confusion(item.type)) {
            item.confusion =
                confusion_matrix(dataset, own, item.type, kConfusionScoreThreshold, kConfusionIou,
                                 threads, options.evaluation.ignore_unknown_categories);
        }
    }
}

}  // namespace embedmask::scoring
