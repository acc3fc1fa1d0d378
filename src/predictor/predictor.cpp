#include "embedmask/predictor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/parallel.h"
#include "config/fields.h"
#include "embedmask/error.h"
#include "engine/engine.h"
#include "image/preprocess.h"
#include "image/view.h"
#include "mask/coupling.h"
#include "predictor/input_rules.h"
#include "predictor/postprocess.h"
#include "predictor/request_pool.h"

namespace embedmask {
namespace {

using detail::Clock;
using detail::milliseconds_since;

Config with_options(Config config, const PredictorOptions& options) {
    const auto set = [](const char* name, const char* key, const auto& value, auto& target) {
        if (!value) {
            return;
        }
        detail::require_in_range(key, static_cast<double>(*value), name);
        target = *value;
    };
    if (options.score_threshold) {
        detail::require_in_range("score_thresh", *options.score_threshold,
                                 "PredictorOptions::score_threshold");
    }
    set("PredictorOptions::mask_threshold", "mask_thresh", options.mask_threshold,
        config.mask_thresh);
    set("PredictorOptions::short_side", "input.short_test", options.short_side,
        config.input.short_test);
    set("PredictorOptions::max_side", "input.max", options.max_side, config.input.max);
    for (const double threshold : options.sweep_thresholds) {
        detail::require_in_range("mask_thresh", threshold, "PredictorOptions::sweep_thresholds");
    }
    validate(config);
    return config;
}

std::unique_ptr<engine::Engine> make_engine(const Model& model, const PredictorOptions& options) {
    const network::Network network{model.graph(), model.weights};
    const engine::Options engine_options{options.precision, options.threads, options.streams,
                                         options.cache};
    return options.engine == EngineKind::reference
               ? engine::make_reference_engine(network::optimize_for_inference(network),
                                               engine_options)
               : engine::make_inference_engine(network, engine_options);
}

}  // namespace

class Predictor::Implementation {
public:
    Implementation(const Model& model, const PredictorOptions& options)
        : config_(with_options(model.config, options)),
          categories_(model.categories),
          statistics_(detail::input_statistics(config_.input)),
          engine_(make_engine(model, options)),
          pool_(*engine_),
          postprocess_(config_, categories_, options) {}

    [[nodiscard]] std::vector<Prediction> predict(std::span<const ImageView> images) const {
        if (images.empty()) {
            return {};
        }
        std::vector<mask::Geometry> geometries;
        ImageSize padded;
        for (const ImageView& image : images) {
            image::check_valid(image);
            const ImageSize content = detail::input_size(
                image.size, static_cast<int>(config_.input.short_test), config_.input);
            geometries.push_back({image.size, content, {}});
            const ImageSize own =
                image::padded_size(content, static_cast<int>(config_.input.size_divisor));
            padded = {std::max(padded.width, own.width), std::max(padded.height, own.height)};
        }
        Timings timings;
        const detail::PooledRequest request = pool_.acquire();
        auto start = Clock::now();
        fill_input(*request, images, geometries, padded);
        timings.preprocess = milliseconds_since(start);
        start = Clock::now();
        request->start();
        request->wait();
        timings.network = milliseconds_since(start);
        std::vector<Prediction> predictions;
        for (std::size_t i = 0; i < images.size(); ++i) {
            geometries[i].padded = padded;
            Prediction prediction =
                postprocess_.run(*request, static_cast<std::int64_t>(i), geometries[i]);
            // The network's time is divided evenly over the batch.
            const auto count = static_cast<double>(images.size());
            prediction.timings.preprocess = timings.preprocess / count;
            prediction.timings.network = timings.network / count;
            predictions.push_back(std::move(prediction));
        }
        return predictions;
    }

    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] const std::vector<Category>& categories() const { return categories_; }
    [[nodiscard]] Precision precision() const { return engine_->precision(); }
    [[nodiscard]] int streams() const { return engine_->streams(); }

private:
    void fill_input(engine::Request& request, std::span<const ImageView> images,
                    const std::vector<mask::Geometry>& geometries, ImageSize padded) const {
        const auto batch = static_cast<std::int64_t>(images.size());
        const std::span<float> input = request.input(batch, padded.height, padded.width);
        const std::size_t slice = input.size() / images.size();
        for (std::size_t i = 0; i < images.size(); ++i) {
            image::preprocess(images[i], geometries[i].content, statistics_,
                              input.data() + i * slice, padded);
        }
    }

    Config config_;
    std::vector<Category> categories_;
    image::PixelStatistics statistics_;
    std::unique_ptr<engine::Engine> engine_;
    mutable detail::RequestPool pool_;
    detail::Postprocess postprocess_;
};

Predictor::Predictor(const Model& model, const PredictorOptions& options)
    : implementation_(std::make_unique<const Implementation>(model, options)) {}

Predictor::~Predictor() = default;

Prediction Predictor::predict(const ImageView& image) const {
    return std::move(implementation_->predict({&image, 1}).front());
}

std::vector<Prediction> Predictor::predict(std::span<const ImageView> images) const {
    return implementation_->predict(images);
}

std::future<Prediction> Predictor::predict_async(const ImageView& image) const {
    return std::async(std::launch::async, [this, image] { return predict(image); });
}

void Predictor::warmup(ImageSize image) const {
    const std::size_t bytes = 3ULL * static_cast<std::size_t>(image.width) * image.height;
    (void)predict(Image{image, std::vector<std::uint8_t>(bytes, 127)});
}

const std::vector<Category>& Predictor::categories() const {
    return implementation_->categories();
}

const Config& Predictor::config() const {
    return implementation_->config();
}

Precision Predictor::precision() const {
    return implementation_->precision();
}

int Predictor::streams() const {
    return implementation_->streams();
}

}  // namespace embedmask
