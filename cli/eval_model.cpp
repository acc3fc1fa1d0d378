#include "eval_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/ordered_pipeline.h"
#include "embedmask/error.h"
#include "progress.h"

namespace embedmask::cli {
namespace {

void require_known_categories(const Model& model, const Dataset& dataset) {
    for (const Category& category : model.categories) {
        const auto same = [&](const Category& other) { return other.id == category.id; };
        if (std::none_of(dataset.categories.begin(), dataset.categories.end(), same)) {
            throw Error(fmt::format("{}: category {} ({}) is not one of {}", model.name,
                                    category.id, category.name, dataset.source),
                        "evaluate on the data set whose ids the model was built with");
        }
    }
}

void add(ModelResults& results, std::int64_t image_id, Detection detection) {
    Result result;
    result.image_id = image_id;
    result.category_id = detection.category_id;
    result.score = detection.score;
    if (!detection.mask.counts.empty()) {
        Result& mask = results.masks.emplace_back(result);
        mask.segmentation.form = Segmentation::Form::rle;
        mask.segmentation.rle = std::move(detection.mask);
    }
    const auto& box = detection.box;
    result.box = {box[0], box[1], box[2], box[3]};
    results.boxes.push_back(std::move(result));
}

}  // namespace

ModelResults predict_results(const std::string& model_name, const Dataset& dataset,
                             const std::filesystem::path& images, const PredictorFlags& flags) {
    const Model model = read_model(find_model(model_name));
    require_known_categories(model, dataset);
    const Predictor predictor(model, flags.resolve(model, false));
    ModelResults results;
    Timings total;
    Progress progress(dataset.images.size());
    const auto start = std::chrono::steady_clock::now();
    run_ordered(
        dataset.images.size(), predictor.streams() + 1,
        [&](std::size_t i) {
            const ImageRecord& record = dataset.images[i];
            DecodeOptions options;
            if (record.width > 0 && record.height > 0) {
                options.expected_size = ImageSize{record.width, record.height};
            }
            return predictor.predict(read_image(images / record.file_name, options));
        },
        [&](std::size_t i, Prediction prediction) {
            total.preprocess += prediction.timings.preprocess;
            total.network += prediction.timings.network;
            total.select += prediction.timings.select;
            total.mask += prediction.timings.mask;
            for (Detection& detection : prediction.detections) {
                add(results, dataset.images[i].id, std::move(detection));
            }
            progress.update(i + 1);
        });
    progress.finish();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto count = static_cast<double>(std::max<std::size_t>(dataset.images.size(), 1));
    fmt::print(stderr,
               "{}: precision {}, {:.2f} photos/s; per photo preprocess {:.1f} | network {:.1f} | "
               "masks {:.1f} ms\n",
               model.name, predictor.precision(), count / seconds, total.preprocess / count,
               total.network / count, (total.select + total.mask) / count);
    return results;
}

}  // namespace embedmask::cli
