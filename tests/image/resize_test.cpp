// Resampling against the golden vectors, Pillow, and kernel against kernel.
#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "image/resample.h"
#include "images.h"
#include "test_data.h"

namespace embedmask::image {
namespace {

using testing::from_hex;
using testing::random_image;

TEST(Resize, GoldenVectors) {
    const auto golden = testing::golden("pil_bilinear");
    ASSERT_EQ(golden["cases"].size(), 8U);
    for (const auto& item : golden["cases"]) {
        const int height = item["in_hw"][0];
        const int width = item["in_hw"][1];
        Image gray{{width, height}, {}};
        for (const auto& row : item["input"]) {
            for (const int value : row) {
                gray.rgb.insert(gray.rgb.end(), 3, static_cast<std::uint8_t>(value));
            }
        }
        const Image result = resize(gray, {item["out_hw"][1], item["out_hw"][0]});
        std::size_t i = 0;
        for (const auto& row : item["output"]) {
            for (const int value : row) {
                for (int c = 0; c < 3; ++c, ++i) {
                    ASSERT_EQ(result.rgb[i], value);
                }
            }
        }
        EXPECT_EQ(i, result.rgb.size());
    }
}

TEST(Resize, EqualsPillowBitForBit) {
    const auto cases = testing::image_cases("resize");
    ASSERT_EQ(cases.size(), 7U);
    for (const auto& item : cases) {
        const Image source{{item["width"], item["height"]}, from_hex(item["rgb"])};
        const Image result = resize(source, {item["new_width"], item["new_height"]});
        EXPECT_EQ(result.rgb, from_hex(item["new_rgb"]));
    }
}

TEST(Resize, RefusesEmptySizes) {
    const Image image = random_image({4, 4}, 1);
    EXPECT_THROW((void)resize(image, {0, 4}), Error);
    EXPECT_THROW((void)resize({{4, 4}, {}}, {2, 2}), Error);
    EXPECT_EQ(resize(image, {4, 4}).rgb, image.rgb);
}

TEST(Resize, AxisWeightsSumToOneAndStayInside) {
    for (const auto& [source, size] : {std::pair{1, 100},
                                       {100, 1},
                                       {640, 1066},
                                       {4000, 800},
                                       {7, 7},
                                       {2, 3},
                                       {1333, 1332},
                                       {65535, 17}}) {
        const AxisWeights axis = axis_weights(source, size);
        for (int i = 0; i < size; ++i) {
            std::int64_t sum = 0;
            for (int t = 0; t < axis.taps; ++t) {
                sum += axis.at(i, t);
                if (axis.at(i, t) != 0) {
                    EXPECT_LT(axis.first[i] + t, source);
                }
            }
            EXPECT_NEAR(static_cast<double>(sum), 1 << 22, axis.taps);
            EXPECT_GE(axis.first[i], 0);
        }
    }
}

struct Result {
    std::vector<std::uint8_t> bytes;
    std::vector<float> floats;
};

Result run(const RowKernels& kernels, const Image& image, ImageSize to) {
    RowWindow window(image, to, kernels);
    const auto width = static_cast<std::size_t>(to.width);
    // One element more than a row: nothing may be written there.
    Result result;
    std::vector<std::uint8_t> row(width + 1, 77);
    std::vector<float> float_row(width + 1, 77.F);
    for (int y = 0; y < to.height; ++y) {
        window.advance(y);
        for (int c = 0; c < 3; ++c) {
            kernels.vertical(window.rows(c), window.weights(), to.width, row.data());
            kernels.vertical_normalized(window.rows(c), window.weights(), to.width,
                                        {255, 0.485F, 0.229F}, float_row.data());
            EXPECT_EQ(row.back(), 77);
            EXPECT_EQ(float_row.back(), 77.F);
            result.bytes.insert(result.bytes.end(), row.begin(), row.end());
            result.floats.insert(result.floats.end(), float_row.begin(), float_row.end());
        }
    }
    return result;
}

TEST(Resize, EveryKernelEqualsPlainCode) {
    const auto kernels = available_kernels();
    std::mt19937 random(9);
    std::uniform_int_distribution<int> side(1, 90);
    for (unsigned round = 0; round < 150; ++round) {
        const ImageSize from{side(random), side(random)};
        const ImageSize to{side(random), side(random)};
        const Image image = random_image(from, round);
        const Result expected = run(kernels.front(), image, to);
        for (const RowKernels& kernel : kernels.subspan(1)) {
            const Result result = run(kernel, image, to);
            ASSERT_EQ(result.bytes, expected.bytes) << kernel.name;
            ASSERT_EQ(result.floats, expected.floats) << kernel.name;
        }
    }
}

}  // namespace
}  // namespace embedmask::image
