#include "train/validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/paged_path.h"
#include "base/paths.h"
#include "data/recorded_image.h"
#include "embedmask/error.h"
#include "embedmask/evaluation.h"
#include "embedmask/overlay.h"
#include "scoring/score.h"
#include "train/training_data.h"

namespace embedmask::train {
Validation::Validation(const std::filesystem::path& annotations, std::filesystem::path images,
                       const std::vector<Category>& categories, bool masks)
    : dataset_(read_dataset(annotations)), images_(std::move(images)) {
    if (!same_categories(dataset_.categories, categories)) {
        throw Error(
            fmt::format("{}: validation categories do not match the training set: {}",
                        dataset_.source, category_difference(dataset_.categories, categories)),
            "training and validation files need the same category ids and names in the same order");
    }
    data::require_unique_images(dataset_);
    if (masks) {
        require_scorable_masks(dataset_);
    }
    for (const ImageRecord& record : dataset_.images) {
        const auto file = data::recorded_path(images_, record.file_name);
        if (!detail::is_regular(detail::paged_path(file).file)) {
            throw Error(fmt::format("{}: image {}: file not found: {}", dataset_.source, record.id,
                                    file.string()),
                        "pass the folder that contains the validation images");
        }
    }
}

Scores Validation::run(const Model& model, int overlays) const {
    const Predictor predictor(model);
    Scores scores;
    scores.has_masks = has_masks(model.config);
    scores.overlays.resize(std::min(dataset_.images.size(), static_cast<std::size_t>(overlays)));
    scoring::ScoreOptions options;
    if (!scores.has_masks) {
        options.types = {IouType::bbox};
    }
    const auto draw_first = [&](std::size_t i, const Image& image, const Prediction& prediction) {
        if (i < scores.overlays.size()) {
            scores.overlays[i] = draw(image, prediction, model.categories);
        }
    };
    const scoring::ModelScores scored =
        scoring::score_model(predictor, dataset_, images_, options, {}, draw_first);
    scores.bbox = scored.types[0].evaluation.stats();
    if (scores.has_masks) {
        scores.segm = scored.types[1].evaluation.stats();
    }
    return scores;
}

}  // namespace embedmask::train
