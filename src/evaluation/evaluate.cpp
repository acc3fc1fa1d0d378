// Evaluates a results file against an annotation file.
#include "base/parallel.h"
#include "embedmask/evaluation.h"
#include "evaluation/objects.h"

namespace embedmask {

Evaluation evaluate(const Dataset& dataset, std::span<const Result> results,
                    const EvaluationOptions& options, const std::string& results_source) {
    constexpr std::size_t kBlock = 16;  // images per work item of a thread
    const detail::ObjectSource source(
        dataset, results, results_source,
        {.last_of_id = true,
         .class_agnostic = options.class_agnostic,
         .ignore_unknown_categories = options.ignore_unknown_categories});
    Evaluator evaluator(dataset.categories, options);
    const bool masks = options.type != IouType::bbox;
    if (masks) {
        source.require_masks();
    }
    const std::size_t images = source.images().size();
    const std::size_t blocks = (images + kBlock - 1) / kBlock;
    detail::parallel_for(
        blocks, options.threads > 0 ? options.threads : detail::available_processors(),
        [&](std::size_t block) {
            for (std::size_t i = block * kBlock; i < std::min(images, (block + 1) * kBlock); ++i) {
                const detail::ImageObjects objects = source.objects(i, masks);
                evaluator.add_image(source.images()[i], objects.truths, objects.detections);
            }
        });
    return evaluator.finish();
}

}  // namespace embedmask
