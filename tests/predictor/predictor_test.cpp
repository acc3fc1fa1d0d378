#include "embedmask/predictor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "embedmask/error.h"
#include "engine/engine.h"
#include "image/preprocess.h"
#include "predictor/postprocess.h"
#include "predictor/probability.h"
#include "predictor/tiny_model.h"
#include "test_data.h"

namespace embedmask {
namespace {

using testing::pattern;
using testing::reference;
using testing::tiny_model;

void expect_same(const Prediction& a, const Prediction& b) {
    ASSERT_EQ(a.detections.size(), b.detections.size());
    for (std::size_t i = 0; i < a.detections.size(); ++i) {
        EXPECT_EQ(a.detections[i].box, b.detections[i].box);
        EXPECT_EQ(a.detections[i].score, b.detections[i].score);
        EXPECT_EQ(a.detections[i].mask, b.detections[i].mask);
    }
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

// The coarsest level has one cell then, of which the input covers a quarter.
TEST(Predictor, AnInputSmallerThanACellOfTheCoarsestLevelIsLegal) {
    for (const std::int64_t pixel_stride : {8, 4}) {
        SCOPED_TRACE(pixel_stride);
        Model model;
        model.config = preset("nano");
        model.config.num_classes = 2;
        model.config.pixel_stride = pixel_stride;
        model.config.mask_scale_factor = pixel_stride / 4;
        model.config.margin_reduce_factor = 1e4;  // margins of random weights would overflow
        model.config.input.short_test = 32;
        model.config.input.max = 32;
        model.categories = {{3, "cat"}, {8, "dog"}};
        model.weights = testing::random_network(model.graph(), 4).weights;
        PredictorOptions options;
        options.precision = Precision::fp32;
        options.threads = 1;
        options.keep_embeddings = true;
        const Predictor predictor(model, options);
        for (const Image& image : {pattern(1, 1), pattern(20, 9), pattern(300, 7)}) {
            const Prediction found = predictor.predict(image);
            EXPECT_FALSE(found.detections.empty()) << "the test needs something to look at";
            for (const Detection& detection : found.detections) {
                EXPECT_EQ(detection.mask.width, image.size.width);
                EXPECT_EQ(detection.mask.height, image.size.height);
            }
            const Embeddings& embeddings = *found.embeddings;
            EXPECT_EQ(embeddings.pixel_stride, pixel_stride);
            const auto cells = static_cast<std::size_t>(embeddings.padded.width / pixel_stride *
                                                        (embeddings.padded.height / pixel_stride));
            EXPECT_EQ(embeddings.pixels.size(), cells * 16);
            const detail::ProbabilityMaps maps(found, predictor.config());
            EXPECT_EQ(maps.fused(0).size(),
                      static_cast<std::size_t>(maps.size().width) * maps.size().height);
        }
    }
}

// A batch is padded to its largest image; the network sees exactly the tensor of §2.5.
TEST(Predictor, BatchOfTwoSizesFollowsThePaddingRule) {
    const Model model = tiny_model();
    const Predictor predictor(model, reference());
    const Image images[] = {pattern(64, 32), pattern(32, 64)};
    const ImageView views[] = {images[0], images[1]};
    const auto batch = predictor.predict(std::span(views));
    ASSERT_EQ(batch.size(), 2U);

    const network::Network network =
        network::optimize_for_inference({model.graph(), model.weights});
    const auto engine = engine::make_reference_engine(network);
    const detail::Postprocess postprocess(model.config, model.categories, reference());
    image::PixelStatistics statistics;
    for (std::size_t c = 0; c < 3; ++c) {
        statistics.mean[c] = static_cast<float>(model.config.input.mean[c]);
        statistics.std[c] = 50;
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const ImageSize content = images[i].size;  // the short side is 32 already
        const auto request = engine->create_request();
        const auto input = request->input(1, 64, 64);
        image::preprocess(images[i], content, statistics, input.data(), {64, 64});
        request->start();
        request->wait();
        expect_same(batch[i], postprocess.run(*request, 0, {content, content, {64, 64}}));
    }
}

TEST(Predictor, TinyAndExtremeImagesAndEmptyBatches) {
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
        EXPECT_TRUE(predictor.predict(std::span<const ImageView>()).empty());
        predictor.warmup({50, 40});
    }
}

TEST(Predictor, OptionsChangeWhatTheyName) {
    const Model model = tiny_model();
    const Image image = pattern(64, 48);
    const Prediction all = Predictor(model, reference()).predict(image);
    ASSERT_GT(all.detections.size(), 1U);
    PredictorOptions options = reference();
    options.category_ids = {8};
    for (const Detection& detection : Predictor(model, options).predict(image).detections) {
        EXPECT_EQ(detection.category_id, 8);
    }
    options = reference();
    options.score_threshold = all.detections.front().score;
    EXPECT_EQ(Predictor(model, options).predict(image).detections.size(), 1U);
    options.score_threshold = 1;
    EXPECT_TRUE(Predictor(model, options).predict(image).detections.empty());
    options = reference();
    options.category_ids = {4};
    EXPECT_THROW(Predictor(model, options), Error);
    options = reference();
    options.mask_threshold = 7;
    EXPECT_THROW(Predictor(model, options), Error);
}

TEST(Predictor, SweepHasTheMasksOfEachThreshold) {
    const Model model = tiny_model();
    const Image image = pattern(64, 48);
    PredictorOptions options = reference();
    options.sweep_thresholds = {0.3, 0.6};
    const Prediction swept = Predictor(model, options).predict(image);
    expect_same(swept, Predictor(model, reference()).predict(image));
    for (std::size_t i = 0; i < options.sweep_thresholds.size(); ++i) {
        PredictorOptions plain = reference();
        plain.mask_threshold = options.sweep_thresholds[i];
        const Prediction expected = Predictor(model, plain).predict(image);
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
    if (Predictor(model).precision() == Precision::bf16) {
        GTEST_SKIP() << "this CPU has bf16 units";
    }
    try {
        const Predictor predictor(model, {.precision = Precision::bf16});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
        EXPECT_EQ(std::string(error.what()).find("PredictorOptions::precision"), 0U);
    }
}

TEST(Predictor, DetectionsComeByDescendingScore) {
    const Model model = tiny_model();
    const auto found = Predictor(model, reference()).predict(pattern(64, 48)).detections;
    ASSERT_GT(found.size(), 2U);
    EXPECT_TRUE(
        std::is_sorted(found.begin(), found.end(),
                       [](const Detection& a, const Detection& b) { return a.score > b.score; }));
    EXPECT_GT(found.front().score, found.back().score);
}

// The same image in every order of bytes, with room between its rows and upside down.
TEST(Predictor, ReadsFramesWhereTheyAre) {
    const Image image = pattern(40, 30);
    const Predictor predictor(tiny_model(), reference());
    const Prediction expected = predictor.predict(image);
    ASSERT_FALSE(expected.detections.empty());
    const auto frame = [&](PixelOrder order, int gap, bool upside_down) {
        const int step = bytes_per_pixel(order);
        const bool swap = order == PixelOrder::bgr || order == PixelOrder::bgra;
        const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(40) * step + gap;
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(stride) * 30, 77);
        for (int y = 0; y < 30; ++y) {
            for (int x = 0; x < 40; ++x) {
                const std::uint8_t* from = &image.rgb[3UL * (40 * y + x)];
                std::uint8_t* to = bytes.data() + stride * (upside_down ? 29 - y : y) + x * step;
                to[0] = from[swap ? 2 : 0];
                to[1] = from[1];
                to[2] = from[swap ? 0 : 2];
            }
        }
        return bytes;
    };
    for (const PixelOrder order :
         {PixelOrder::rgb, PixelOrder::bgr, PixelOrder::rgba, PixelOrder::bgra}) {
        const std::ptrdiff_t stride = 40 * bytes_per_pixel(order) + 9;
        const auto upright = frame(order, 9, false);
        expect_same(predictor.predict(ImageView(upright.data(), {40, 30}, stride, order)),
                    expected);
        const auto turned = frame(order, 9, true);
        expect_same(
            predictor.predict(ImageView(turned.data() + 29 * stride, {40, 30}, -stride, order)),
            expected);
        EXPECT_EQ(to_image(ImageView(upright.data(), {40, 30}, stride, order)).rgb, image.rgb);
    }
    std::vector<std::uint8_t> gray(40 * 30);
    Image same{{40, 30}, {}};
    for (std::size_t i = 0; i < gray.size(); ++i) {
        gray[i] = image.rgb[3 * i];
        same.rgb.insert(same.rgb.end(), 3, gray[i]);
    }
    expect_same(predictor.predict(ImageView(gray.data(), {40, 30}, 40, PixelOrder::gray)),
                predictor.predict(same));
}

TEST(Predictor, AViewWithoutPixelsIsAnError) {
    const Predictor predictor(tiny_model(), reference());
    const std::vector<std::uint8_t> bytes(300);
    const auto kind = [&](const ImageView& view) {
        try {
            (void)predictor.predict(view);
        } catch (const Error& error) {
            return error.kind();
        }
        return ErrorKind::system;
    };
    EXPECT_EQ(kind(ImageView()), ErrorKind::usage);
    EXPECT_EQ(kind(ImageView(bytes.data(), {0, 10}, 30, PixelOrder::rgb)), ErrorKind::usage);
    EXPECT_EQ(kind(ImageView(bytes.data(), {10, 10}, 29, PixelOrder::rgb)), ErrorKind::usage);
    EXPECT_THROW((void)predictor.predict(Image{{4, 4}, {1, 2, 3}}), Error);
}

TEST(Predictor, FuturesGiveWhatPredictGives) {
    const Predictor predictor(tiny_model(), reference(2));
    const Image a = pattern(40, 30);
    const Image b = pattern(30, 44);
    auto first = predictor.predict_async(a);
    auto second = predictor.predict_async(b);
    expect_same(first.get(), predictor.predict(a));
    expect_same(second.get(), predictor.predict(b));
    auto failed = predictor.predict_async(ImageView());
    EXPECT_THROW((void)failed.get(), Error);
}

TEST(Predictor, OptionsOutOfRangeNameTheOption) {
    const Model model = tiny_model();
    PredictorOptions options = reference();
    options.mask_threshold = 1.5;
    const auto message = [&] { return testing::message_of([&] { Predictor(model, options); }); };
    EXPECT_EQ(message(),
              "PredictorOptions::mask_threshold: found 1.5: expected 0.0001 to "
              "0.999999");
    options = reference();
    options.short_side = 0;
    EXPECT_EQ(message(), "PredictorOptions::short_side: found 0: expected 1 to 1000000");
    options = reference();
    options.sweep_thresholds = {0.5, std::nan("")};
    EXPECT_EQ(message(),
              "PredictorOptions::sweep_thresholds: found nan: expected 0.0001 "
              "to 0.999999");
}

}  // namespace
}  // namespace embedmask
