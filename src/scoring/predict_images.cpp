#include "scoring/predict_images.h"

#include <utility>

#include "base/clock.h"
#include "base/ordered_pipeline.h"
#include "embedmask/error.h"

namespace embedmask::scoring {

using detail::Clock;
using detail::milliseconds_since;

void RunTotals::add(const ImageOutcome& outcome) {
    ++images;
    if (!outcome.prediction) {
        ++unreadable;
        return;
    }
    const Timings& timings = outcome.prediction->timings;
    with_more_pages += outcome.has_more_pages ? 1 : 0;
    detections += outcome.prediction->detections.size();
    decode += outcome.decode;
    preprocess += timings.preprocess;
    network += timings.network;
    masks += timings.select + timings.mask;
    use += outcome.use;
}

RunTotals predict_images(const Predictor& predictor, std::span<const data::ImageFile> files,
                         const PredictImagesOptions& options, const UseImage& use,
                         const CollectImage& collect) {
    RunTotals totals;
    const auto start = Clock::now();
    const auto process = [&](std::size_t i) {
        ImageOutcome outcome;
        if (options.stop && options.stop()) {
            outcome.left_out = true;
            return outcome;
        }
        auto stage = Clock::now();
        Image image;
        try {
            data::LoadedImage loaded = data::load_image_file(files[i], options.decode);
            image = std::move(loaded.image);
            outcome.has_more_pages = loaded.has_more_pages;
        } catch (const Error& error) {
            if (!options.skip_unreadable) {
                throw;
            }
            outcome.error = error.what();
            outcome.fix = error.fix();
            return outcome;
        }
        outcome.decode = milliseconds_since(stage);
        outcome.prediction = predictor.predict(image);
        stage = Clock::now();
        if (use) {
            use(i, image, *outcome.prediction);
        }
        outcome.use = milliseconds_since(stage);
        return outcome;
    };
    // One image more than the network runs concurrently: its decoding and the masks of the previous
    // one overlap with the network run.
    detail::run_ordered(files.size(), predictor.streams() + 1, process,
                        [&](std::size_t i, ImageOutcome outcome) {
                            if (outcome.left_out) {
                                ++totals.left_out;
                                return;
                            }
                            totals.add(outcome);
                            if (collect) {
                                collect(i, outcome);
                            }
                            if (options.progress) {
                                options.progress(totals.images, files.size());
                            }
                        });
    totals.wall = milliseconds_since(start);
    return totals;
}

}  // namespace embedmask::scoring
