#include "image/preprocess.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "images.h"
#include "test_data.h"

namespace embedmask::image {
namespace {

using testing::random_image;

TEST(ResizedSize, GoldenVectors) {
    const auto cases = testing::golden("resize_rule").at("cases");
    ASSERT_FALSE(cases.empty());
    for (const auto& item : cases) {
        const ImageSize original{item["w"], item["h"]};
        const auto size = [&](const char* key) { return ImageSize{item[key][0], item[key][1]}; };
        EXPECT_EQ(resized_size(original, item["short"], item["max"], ResizeRule::mrcnn),
                  size("rule_mrcnn"));
        EXPECT_EQ(resized_size(original, item["short"], item["max"], ResizeRule::d2),
                  size("rule_d2"));
    }
}

TEST(ResizedSize, ExamplesOfTheSpecification) {
    const auto mrcnn = [](int w, int h) {
        return resized_size({w, h}, 800, 1333, ResizeRule::mrcnn);
    };
    EXPECT_EQ(mrcnn(640, 360), (ImageSize{1333, 750}));
    EXPECT_EQ(mrcnn(1000, 500), (ImageSize{1332, 666}));
    EXPECT_EQ(mrcnn(2666, 1001), (ImageSize{1331, 500})) << "500.5 rounds to even";
    EXPECT_EQ(mrcnn(2666, 1003), (ImageSize{1334, 502})) << "one beyond the cap";
    EXPECT_EQ(mrcnn(800, 1200), (ImageSize{800, 1200}));
    EXPECT_EQ(mrcnn(1, 1), (ImageSize{800, 800}));
    for (const ResizeRule rule : {ResizeRule::mrcnn, ResizeRule::d2}) {
        const ImageSize thin = resized_size({100000, 3}, 800, 1333, rule);
        EXPECT_GE(thin.height, 1);
        EXPECT_GE(thin.width, 1);
        EXPECT_LE(thin.width, 1'000'000);
        EXPECT_THROW((void)resized_size({0, 3}, 800, 1333, rule), Error);
    }
}

TEST(PaddedSize, GoldenVectors) {
    const auto golden = testing::golden("padding");
    ASSERT_EQ(golden["cases"].size(), 6U);
    for (const auto& item : golden["cases"]) {
        ImageSize largest;
        for (const auto& hw : item["image_sizes_hw"]) {
            largest.height = std::max(largest.height, hw[0].get<int>());
            largest.width = std::max(largest.width, hw[1].get<int>());
        }
        EXPECT_EQ(padded_size(largest, 32), (ImageSize{item["batch_hw"][1], item["batch_hw"][0]}));
    }
}

// Resize, then normalise, order and pad, each by itself.
std::vector<float> step_by_step(const Image& image, ImageSize target,
                                const PixelStatistics& statistics, ImageSize padded) {
    const Image resized = resize(image, target);
    const std::size_t plane = static_cast<std::size_t>(padded.width) * padded.height;
    std::vector<float> out(3 * plane, 0.F);
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < target.height; ++y) {
            for (int x = 0; x < target.width; ++x) {
                const std::size_t pixel = 3 * (static_cast<std::size_t>(y) * target.width + x);
                const float value = resized.rgb[pixel + (statistics.bgr ? 2 - c : c)];
                out[c * plane + static_cast<std::size_t>(y) * padded.width + x] =
                    (value / statistics.divisor - statistics.mean[c]) / statistics.std[c];
            }
        }
    }
    return out;
}

TEST(Preprocess, EqualsResizeThenNormalizeThenPad) {
    const PixelStatistics msra;
    const PixelStatistics torchvision{.bgr = false,
                                      .divisor = 255,
                                      .mean = {0.485F, 0.456F, 0.406F},
                                      .std = {0.229F, 0.224F, 0.225F}};
    std::mt19937 random(2);
    std::uniform_int_distribution<int> side(1, 120);
    for (unsigned round = 0; round < 40; ++round) {
        const Image image = random_image({side(random), side(random)}, round);
        const ImageSize target{side(random), side(random)};
        const ImageSize padded = padded_size(target, 32);
        const std::size_t floats = 3UL * padded.width * padded.height;
        for (const PixelStatistics& statistics : {msra, torchvision}) {
            std::vector<float> out(floats + 1, -1e9F);
            preprocess(image, target, statistics, out.data(), padded);
            EXPECT_EQ(out.back(), -1e9F) << "nothing is written after the slice";
            out.pop_back();
            ASSERT_EQ(out, step_by_step(image, target, statistics, padded));
        }
    }
}

TEST(Preprocess, MeanColorBecomesZeroAndOrderIsBgr) {
    const Image red{{1, 1}, {255, 0, 10}};
    std::vector<float> out(3UL * 32 * 32);
    preprocess(red, {1, 1}, {}, out.data(), {32, 32});
    EXPECT_EQ(out[0], 10.F - 102.9801F);
    EXPECT_EQ(out[1024], 0.F - 115.9465F);
    EXPECT_EQ(out[2048], 255.F - 122.7717F);
    EXPECT_EQ(out[1], 0.F);
    EXPECT_THROW(preprocess(red, {33, 1}, {}, out.data(), {32, 32}), Error);
}

TEST(Preprocess, ExtremeAspectRatios) {
    for (const ImageSize size : {ImageSize{3000, 1}, ImageSize{1, 3000}, ImageSize{1, 1}}) {
        const Image image = random_image(size, 6);
        const ImageSize target = resized_size(size, 64, 128, ResizeRule::mrcnn);
        const ImageSize padded = padded_size(target, 32);
        std::vector<float> out(3UL * padded.width * padded.height);
        preprocess(image, target, {}, out.data(), padded);
        EXPECT_EQ(out, step_by_step(image, target, {}, padded));
    }
}

}  // namespace
}  // namespace embedmask::image
