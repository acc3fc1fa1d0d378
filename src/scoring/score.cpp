#include "eval_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "base/ordered_pipeline.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "progress.h"

namespace embedmask::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void require_known_categories(const Model& model, const Dataset& dataset) {
    for (const Category& category : model.categories) {
        const auto found = std::ranges::find(dataset.categories, category.id, &Category::id);
        if (found == dataset.categories.end()) {
            throw Error(fmt::format("{}: category {} ({}) is not one of {}", model.name,
                                    category.id, category.name, dataset.source),
                        "evaluate on the data set whose ids the model was built with");
        }
        if (found->name != category.name) {
            throw Error(fmt::format("category {} is \"{}\" in {} and \"{}\" in {}", category.id,
                                    category.name, model.name, found->name, dataset.source),
                        "evaluate on the data set whose categories the model was built with");
        }
    }
}

void require_unique_images(const Dataset& dataset) {
    std::unordered_set<std::int64_t> ids;
    for (const ImageRecord& image : dataset.images) {
        if (ids.insert(image.id).second) continue;
        throw Error(fmt::format("{}: the image id {} stands there twice: expected one photo for "
                                "each id",
                                dataset.source, image.id),
                    "`embedmask data check` lists and repairs such ids");
    }
}

Model checked_model(const EvalOptions& options, const Dataset& dataset) {
    Model model = read_model(find_model(options.model));
    require_known_categories(model, dataset);
    require_unique_images(dataset);
    return model;
}

PredictorOptions predictor_options(const EvalOptions& options, const Model& model) {
    PredictorOptions result = options.predictor.resolve(model, false);
    if (has_masks(model.config)) result.sweep_thresholds = mask_thresholds_of(options);
    return result;
}

struct Scored {
    Prediction prediction;
    double decode = 0;  // milliseconds
    double score = 0;
};

}  // namespace

ModelRun::ModelRun(const EvalOptions& options, const Dataset& dataset)
    : ModelRun(options, dataset, checked_model(options, dataset)) {}

ModelRun::ModelRun(const EvalOptions& options, const Dataset& dataset, const Model& model)
    : options_(options),
      dataset_(dataset),
      thresholds_(mask_thresholds_of(options)),
      predictor_(model, predictor_options(options, model)) {}

void ModelRun::run(std::span<const std::size_t> images, const Use& score,
                   const Use& collect) const {
    const std::filesystem::path folder = options_.images;
    Timings total;
    double decode = 0;
    double scoring = 0;
    Progress progress(images.size());
    const auto start = Clock::now();
    detail::run_ordered(
        images.size(), predictor_.streams() + 1,
        [&](std::size_t i) {
            const ImageRecord& record = dataset_.images[images[i]];
            Scored scored;
            auto stage = Clock::now();
            const Image photo =
                data::read_recorded_image(folder, record, options_.predictor.max_pixels);
            scored.decode = milliseconds_since(stage);
            scored.prediction = predictor_.predict(photo);
            stage = Clock::now();
            score(record, scored.prediction);
            scored.score = milliseconds_since(stage);
            return scored;
        },
        [&](std::size_t i, Scored scored) {
            const Timings& timings = scored.prediction.timings;
            decode += scored.decode;
            total.preprocess += timings.preprocess;
            total.network += timings.network;
            total.select += timings.select;
            total.mask += timings.mask;
            scoring += scored.score;
            collect(dataset_.images[images[i]], scored.prediction);
            progress.update(i + 1);
        });
    progress.finish();
    const double wall = milliseconds_since(start);
    const auto count = static_cast<double>(std::max<std::size_t>(images.size(), 1));
    fmt::print(stderr,
               "{}: {} photos in {:.2f} s ({:.2f} photos/s), precision {}\n"
               "per photo: decode {:.1f} + preprocess {:.1f} | network {:.1f} | masks {:.1f} + "
               "score {:.2f} ms\n",
               options_.model, images.size(), wall / 1e3, count * 1e3 / wall,
               name_of(predictor_.precision()), decode / count, total.preprocess / count,
               total.network / count, (total.select + total.mask) / count, scoring / count);
}

}  // namespace embedmask::cli
