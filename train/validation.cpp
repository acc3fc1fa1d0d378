#include "train/validation.h"

#include <fmt/format.h>

#include "base/ordered_pipeline.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "render/instance.h"
#include "render/overlay.h"

namespace embedmask::train {
namespace {

constexpr float kShownScore = 0.3F;

Image drawn(const Image& photo, const Prediction& prediction,
            const std::vector<Category>& categories) {
    std::vector<render::DrawnInstance> instances;
    for (const Detection& detection : prediction.detections) {
        if (detection.score < kShownScore || detection.mask.counts.empty()) continue;
        instances.push_back({&detection.mask, to_box(detection.box),
                             categories[static_cast<std::size_t>(detection.label)].name,
                             detection.score, detection.label,
                             render::palette_colour(static_cast<int>(instances.size()))});
    }
    return render::overlay(photo, instances);
}

// One record per detection, as eval reads results files.
void add_results(std::vector<Result>& boxes, std::vector<Result>& masks, std::int64_t image_id,
                 Prediction prediction) {
    for (Detection& detection : prediction.detections) {
        Result result;
        result.image_id = image_id;
        result.category_id = detection.category_id;
        result.score = detection.score;
        if (!detection.mask.counts.empty()) {
            Result& mask = masks.emplace_back(result);
            mask.segmentation.form = Segmentation::Form::rle;
            mask.segmentation.rle = std::move(detection.mask);
        }
        result.box = detection.box;
        boxes.push_back(std::move(result));
    }
}

CocoStats stats(const Dataset& dataset, const std::vector<Result>& results, IouType type) {
    EvaluationOptions options;
    options.type = type;
    return evaluate(dataset, results, options, "the validation").stats();
}

}  // namespace

Validation::Validation(const std::filesystem::path& annotations, std::filesystem::path images,
                       const std::vector<Category>& categories)
    : dataset_(read_dataset(annotations)), images_(std::move(images)) {
    if (dataset_.categories != categories) {
        throw Error(fmt::format("{}: its categories are not those that are trained ({} against {})",
                                dataset_.source, dataset_.categories.size(), categories.size()),
                    "training and validation files need the same category ids and names, in the "
                    "same order");
    }
    for (const ImageRecord& record : dataset_.images) {
        if (!std::filesystem::is_regular_file(images_ / record.file_name)) {
            throw Error(fmt::format("{}: image {}: no such photo: {}", dataset_.source, record.id,
                                    (images_ / record.file_name).string()),
                        "give the folder that holds the validation photos");
        }
    }
}

Scores Validation::run(const Model& model, int pictures) const {
    const Predictor predictor(model);
    Scores scores;
    scores.has_masks = has_masks(model.config);
    std::vector<Result> boxes;
    std::vector<Result> masks;
    struct Seen {
        Prediction prediction;
        Image picture;
    };
    detail::run_ordered(
        dataset_.images.size(), predictor.streams() + 1,
        [&](std::size_t i) {
            const Image photo = data::read_recorded_image(images_, dataset_.images[i]);
            Seen seen{predictor.predict(photo), {}};
            if (i < static_cast<std::size_t>(pictures)) {
                seen.picture = drawn(photo, seen.prediction, model.categories);
            }
            return seen;
        },
        [&](std::size_t i, Seen seen) {
            if (!seen.picture.rgb.empty()) scores.pictures.push_back(std::move(seen.picture));
            add_results(boxes, masks, dataset_.images[i].id, std::move(seen.prediction));
        });
    scores.bbox = stats(dataset_, boxes, IouType::bbox);
    if (scores.has_masks) scores.segm = stats(dataset_, masks, IouType::segm);
    return scores;
}

}  // namespace embedmask::train
