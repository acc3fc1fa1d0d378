#include "embedmask/predictor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/ordered_pipeline.h"
#include "embedmask/error.h"
#include "engine/engine.h"
#include "engine/random_network.h"
#include "image/preprocess.h"
#include "predictor/postprocess.h"
#include "predictor/probability.h"

namespace embedmask {
namespace {

// A network small enough for plain loops, biased so that it finds something.
Model tiny_model(const char* preset_name = "lite") {
    Model model;
    model.config = preset(preset_name);
    const std::string sets[] = {"num_classes=2",         "backbone.last_stage=c4",
                                "fpn.channels=8",        "tower_channels=8",
                                "tower_groups=4",        "pixel_channels=8",
                                "tower_convs=1",         "input.short_test=32",
                                "input.max=64",          "backbone.frozen_bn_eps=1e-5",
                                "input.std=[50, 50, 50]"};
    apply_overrides(model.config, sets);
    model.categories = {{3, "cat"}, {8, "dog"}};
    model.weights = testing::random_network(model.graph(), 4).weights;
    return model;
}

Image pattern(int width, int height) {
    Image image{{width, height}, {}};
    for (int i = 0; i < 3 * width * height; ++i) {
        image.rgb.push_back(static_cast<std::uint8_t>(127 + 120 * std::sin(0.37 * i)));
    }
    return image;
}

void expect_same(const Prediction& a, const Prediction& b) {
    ASSERT_EQ(a.detections.size(), b.detections.size());
    for (std::size_t i = 0; i < a.detections.size(); ++i) {
        EXPECT_EQ(a.detections[i].box, b.detections[i].box);
        EXPECT_EQ(a.detections[i].score, b.detections[i].score);
        EXPECT_EQ(a.detections[i].mask, b.detections[i].mask);
    }
}

PredictorOptions reference(int streams = 1) {
    PredictorOptions options;
    options.engine = EngineKind::reference;
    options.streams = streams;
    options.threads = 2;
    return options;
}

TEST(Predictor, ThreadsThatShareItAgreeWithOne) {
    const Model model = tiny_model();
    const Predictor predictor(model, reference(2));
    const Image a = pattern(40, 32);
    const Image b = pattern(32, 48);
    const Prediction expected_a = predictor.predict(a);
    const Prediction expected_b = predictor.predict(b);
    EXPECT_FALSE(expected_a.detections.empty()) << "the test needs something to compare";
    Prediction found_a;
    Prediction found_b;
    {
        const std::jthread first([&] { found_a = predictor.predict(a); });
        const std::jthread second([&] { found_b = predictor.predict(b); });
    }
    expect_same(found_a, expected_a);
    expect_same(found_b, expected_b);
}

TEST(OrderedPipeline, KeepsTheOrderAndPassesOnExceptions) {
    for (const int workers : {1, 3}) {
        std::vector<std::size_t> order;
        detail::run_ordered(
            50, workers, [](std::size_t i) { return 2 * i; },
            [&](std::size_t i, std::size_t result) {
                EXPECT_EQ(result, 2 * i);
                order.push_back(i);
            });
        ASSERT_EQ(order.size(), 50U);
        EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
        EXPECT_THROW(detail::run_ordered(
                         50, workers,
                         [](std::size_t i) {
                             if (i == 20) throw Error("item 20");
                             return i;
                         },
                         [](std::size_t, std::size_t) {}),
                     Error);
    }
}

// A batch is padded to its largest photo; the network sees exactly the tensor of §2.5.
TEST(Predictor, BatchOfTwoSizesFollowsThePaddingRule) {
    const Model model = tiny_model();
    const Predictor predictor(model, reference());
    const Image photos[] = {pattern(64, 32), pattern(32, 64)};
    const auto batch = predictor.predict(std::span(photos));
    ASSERT_EQ(batch.size(), 2U);

    const network::Network network =
        network::optimise_for_inference({model.graph(), model.weights});
    const auto engine = engine::make_reference_engine(network);
    const detail::Postprocess postprocess(model.config, model.categories, reference());
    image::PixelStatistics statistics;
    for (std::size_t c = 0; c < 3; ++c) {
        statistics.mean[c] = static_cast<float>(model.config.input.mean[c]);
        statistics.std[c] = 50;
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const ImageSize content = photos[i].size;  // the short side is 32 already
        const auto request = engine->create_request();
        const auto input = request->input(1, 64, 64);
        image::preprocess(photos[i], content, statistics, input.data(), {64, 64});
        request->start();
        request->wait();
        expect_same(batch[i], postprocess.run(*request, 0, {content, content, {64, 64}}));
    }
}

TEST(Predictor, TinyAndExtremePhotosAndEmptyBatches) {
    for (const char* name : {"lite", "table2", "paper", "fcos", "table3_fixed_margin_d8",
                             "table3_coordconv", "table3_spatial_free"}) {
        SCOPED_TRACE(name);
        const Predictor predictor(tiny_model(name), {.precision = Precision::fp32});
        for (const ImageSize size : {ImageSize{1, 1}, ImageSize{300, 2}, ImageSize{1, 90}}) {
            const Prediction found = predictor.predict(pattern(size.width, size.height));
            EXPECT_EQ(found.size, size);
            for (const Detection& detection : found.detections) {
                if (has_masks(predictor.config())) {
                    EXPECT_EQ(detection.mask.height, size.height);
                    EXPECT_NO_THROW(validate(detection.mask));
                } else {
                    EXPECT_TRUE(detection.mask.counts.empty());
                }
            }
        }
        EXPECT_TRUE(predictor.predict(std::span<const Image>()).empty());
        predictor.warmup({50, 40});
    }
}

TEST(Predictor, OptionsChangeWhatTheyName) {
    const Model model = tiny_model();
    const Image photo = pattern(64, 48);
    const Prediction all = Predictor(model, reference()).predict(photo);
    ASSERT_GT(all.detections.size(), 1U);
    PredictorOptions options = reference();
    options.category_ids = {8};
    for (const Detection& detection : Predictor(model, options).predict(photo).detections) {
        EXPECT_EQ(detection.category_id, 8);
    }
    options = reference();
    options.score_threshold = all.detections[by_score(all.detections)[0]].score;
    EXPECT_EQ(Predictor(model, options).predict(photo).detections.size(), 1U);
    options.score_threshold = 1;
    EXPECT_TRUE(Predictor(model, options).predict(photo).detections.empty());
    options = reference();
    options.category_ids = {4};
    EXPECT_THROW(Predictor(model, options), Error);
    options = reference();
    options.mask_threshold = 7;
    EXPECT_THROW(Predictor(model, options), Error);
}

TEST(Predictor, SweepHasTheMasksOfEachThreshold) {
    const Model model = tiny_model();
    const Image photo = pattern(64, 48);
    PredictorOptions options = reference();
    options.sweep_thresholds = {0.3, 0.6};
    const Prediction swept = Predictor(model, options).predict(photo);
    expect_same(swept, Predictor(model, reference()).predict(photo));
    for (std::size_t i = 0; i < options.sweep_thresholds.size(); ++i) {
        PredictorOptions plain = reference();
        plain.mask_threshold = options.sweep_thresholds[i];
        const Prediction expected = Predictor(model, plain).predict(photo);
        ASSERT_FALSE(expected.detections.empty());
        for (std::size_t n = 0; n < expected.detections.size(); ++n) {
            ASSERT_EQ(swept.detections[n].sweep.size(), 2U);
            EXPECT_EQ(swept.detections[n].sweep[i], expected.detections[n].mask);
        }
    }
    options.sweep_thresholds = {2};
    EXPECT_THROW(Predictor(model, options), Error);
}

// Eq. (3) of the paper on a real network's output.
TEST(Predictor, SpatialAwareTimesSpatialFreeIsFused) {
    const Model model = tiny_model();
    PredictorOptions options = reference();
    options.keep_embeddings = true;
    const Prediction found = Predictor(model, options).predict(pattern(64, 48));
    ASSERT_TRUE(found.embeddings);
    ASSERT_EQ(found.embeddings->proposals.size(), found.detections.size());
    const detail::ProbabilityMaps maps(found, model.config);
    for (std::size_t n = 0; n < found.detections.size(); ++n) {
        const auto aware = maps.spatial_aware(n);
        const auto free = maps.spatial_free(n);
        const auto fused = maps.fused(n);
        ASSERT_EQ(fused.size(), static_cast<std::size_t>(maps.size().width * maps.size().height));
        for (std::size_t i = 0; i < fused.size(); ++i) {
            EXPECT_NEAR(aware[i] * free[i], fused[i], 1e-5);
        }
    }
}

TEST(Predictor, Bf16OnACpuWithoutItIsAnError) {
    const Model model = tiny_model();
    if (Predictor(model).precision() == "bf16") GTEST_SKIP() << "this CPU has bf16 units";
    EXPECT_THROW(Predictor(model, {.precision = Precision::bf16}), Error);
}

}  // namespace
}  // namespace embedmask
