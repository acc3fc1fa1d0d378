#include "scoring/stream_scorer.h"

#include <optional>

namespace embedmask::scoring {
namespace {

/// The same objects as the evaluator would read from the results files of `predict`, where boxes
/// and masks are separate records, so mask areas come from masks (spec §7.7). `mask_of` selects the
/// mask of a detection.
template <class MaskOf>
std::vector<DetectedObject> objects(const std::vector<Detection>& detections, IouType type,
                                    const MaskOf& mask_of) {
    std::vector<DetectedObject> result;
    result.reserve(detections.size());
    for (const Detection& detection : detections) {
        DetectedObject object;
        object.category_id = detection.category_id;
        object.score = detection.score;
        if (type == IouType::bbox) {
            object.box = detection.box;
            object.area = object.box.width * object.box.height;
        } else {
            object.mask = &mask_of(detection);
            object.area = static_cast<double>(area(*object.mask));
        }
        result.push_back(object);
    }
    return result;
}

}  // namespace

StreamScorer::StreamScorer(const Dataset& dataset, const ScoreOptions& options)
    : truth_(dataset, {}, "the model",
             {.last_of_id = true, .class_agnostic = options.evaluation.class_agnostic}),
      thresholds_(options.mask_thresholds) {
    if (options.scores_masks()) {
        truth_.require_masks();
    }
    for (const IouType type : options.types) {
        Item& item = items_.emplace_back();
        item.type = type;
        item.evaluator =
            std::make_unique<Evaluator>(dataset.categories, options.evaluation_of(type));
        if (type == IouType::bbox) {
            continue;
        }
        for (std::size_t i = 0; i < thresholds_.size(); ++i) {
            item.sweep.push_back(
                std::make_unique<Evaluator>(dataset.categories, options.sweep_of(type)));
        }
    }
}

void StreamScorer::add(std::int64_t image_id, const Prediction& prediction) {
    const std::size_t image = truth_.position(image_id);
    std::optional<detail::ImageObjects> boxes;
    std::optional<detail::ImageObjects> masks;
    for (Item& item : items_) {
        const bool of_masks = item.type != IouType::bbox;
        auto& truth = of_masks ? masks : boxes;
        if (!truth) {
            truth = truth_.objects(image, of_masks);
        }
        const auto match = [&](Evaluator& evaluator, const auto& mask_of) {
            evaluator.add_image(image_id, truth->truths,
                                objects(prediction.detections, item.type, mask_of));
        };
        match(*item.evaluator, [](const Detection& d) -> const Rle& { return d.mask; });
        for (std::size_t i = 0; i < item.sweep.size(); ++i) {
            match(*item.sweep[i], [i](const Detection& d) -> const Rle& { return d.sweep[i]; });
        }
    }
}

std::vector<TypeScores> StreamScorer::finish() {
    std::vector<TypeScores> scores;
    for (Item& item : items_) {
        TypeScores& type = scores.emplace_back();
        type.type = item.type;
        type.evaluation = item.evaluator->finish();
        for (std::size_t i = 0; i < item.sweep.size(); ++i) {
            type.sweep.push_back(sweep_point(thresholds_[i], item.sweep[i]->finish()));
        }
    }
    return scores;
}

}  // namespace embedmask::scoring
