#include "render/embedding_view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "embedmask/error.h"
#include "masks.h"
#include "render/eigen.h"
#include "render/panel.h"

namespace embedmask::render {
namespace {

TEST(Eigen, VectorsSatisfyTheirEquationAndAreOrthonormal) {
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    for (const int n : {1, 2, 3, 16, 32}) {
        std::vector<double> matrix(static_cast<std::size_t>(n) * n);
        for (int i = 0; i < n; ++i) {
            for (int j = i; j < n; ++j) {
                matrix[i * n + j] = matrix[j * n + i] = normal(random);
            }
        }
        const Eigen eigen = symmetric_eigen(matrix, n);
        for (int k = 0; k < n; ++k) {
            if (k > 0) {
                EXPECT_GE(eigen.values[k - 1], eigen.values[k]);
            }
            for (int i = 0; i < n; ++i) {
                double product = 0;
                double other = 0;
                for (int j = 0; j < n; ++j) {
                    product += matrix[i * n + j] * eigen.vectors[k][j];
                    other += eigen.vectors[i][j] * eigen.vectors[k][j];
                }
                EXPECT_NEAR(product, eigen.values[k] * eigen.vectors[k][i], 1e-9);
                EXPECT_NEAR(other, i == k ? 1 : 0, 1e-9);
            }
        }
    }
    EXPECT_EQ(symmetric_eigen({0, 0, 0, 0}, 2).values, (std::vector<double>{0, 0}));
}

// Three independent directions of different strength hidden in 8 dimensions.
TEST(EmbeddingView, FindsTheStrongestDirections) {
    constexpr int kDims = 8;
    constexpr int kCells = 600;
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    std::vector<float> pixels(kDims * kCells);
    for (int i = 0; i < kCells; ++i) {
        for (int d = 0; d < kDims; ++d) {
            pixels[d * kCells + i] = 0.01F * normal(random);
        }
        pixels[6 * kCells + i] += 9 * normal(random);
        pixels[1 * kCells + i] += 4 * normal(random) + 100;
        pixels[3 * kCells + i] += 2 * normal(random);
    }
    const auto basis = fit_embedding_basis(pixels, {}, kDims);
    EXPECT_NEAR(basis.axes[0][6], 1, 0.01);
    EXPECT_NEAR(basis.axes[1][1], 1, 0.01);
    EXPECT_NEAR(basis.axes[2][3], 1, 0.01);
    const Image image = embedding_image(basis, pixels, {30, 20});
    for (int c = 0; c < 3; ++c) {
        int low = 255;
        int high = 0;
        for (int i = 0; i < kCells; ++i) {
            low = std::min<int>(low, image.rgb[3 * i + c]);
            high = std::max<int>(high, image.rgb[3 * i + c]);
        }
        EXPECT_EQ(low, 0) << "min-max scaling reaches both ends";
        EXPECT_EQ(high, 255);
    }
}

TEST(EmbeddingView, ProposalsGetTheColorOfTheirPixels) {
    constexpr int kDims = 4;
    std::mt19937 random(6);
    std::normal_distribution<float> normal;
    std::vector<float> proposals(kDims * 6);
    for (auto& value : proposals) {
        value = normal(random);
    }
    std::vector<float> pixels(proposals.size());
    for (int i = 0; i < 6; ++i) {
        for (int d = 0; d < kDims; ++d) {
            pixels[d * 6 + i] = proposals[i * kDims + d];
        }
    }
    const auto basis = fit_embedding_basis(pixels, proposals, kDims);
    const Image image = embedding_image(basis, pixels, {3, 2});
    const auto colors = embedding_colors(basis, proposals);
    ASSERT_EQ(colors.size(), 6U);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(colors[i], (Color{image.rgb[3 * i], image.rgb[3 * i + 1], image.rgb[3 * i + 2]}));
    }
}

TEST(EmbeddingView, RangeCoversProposalsToo) {
    const std::vector<float> pixels{0, 1};
    const std::vector<float> proposals{3};
    const auto basis = fit_embedding_basis(pixels, proposals, 1);
    const Image image = embedding_image(basis, pixels, {2, 1});
    EXPECT_EQ(image.rgb[0], 0);
    EXPECT_EQ(image.rgb[3], 85) << "a third of the way to the proposal";
    EXPECT_EQ(image.rgb[1], 128) << "an axis that does not exist is middle grey";
    EXPECT_EQ(embedding_colors(basis, proposals)[0].r, 255);
}

TEST(EmbeddingView, BadSizesAndConstantMaps) {
    EXPECT_THROW((void)fit_embedding_basis({}, {}, 16), Error);
    EXPECT_THROW((void)fit_embedding_basis(std::vector<float>(5), {}, 2), Error);
    EXPECT_THROW((void)fit_embedding_basis(std::vector<float>(66), {}, 33), Error);
    const std::vector<float> constant(8, 2.5F);
    const auto basis = fit_embedding_basis(constant, {}, 2);
    EXPECT_EQ(embedding_image(basis, constant, {2, 2}).rgb[0], 128);
    EXPECT_THROW((void)embedding_image(basis, constant, {3, 2}), Error);
    std::vector<float> broken(8, 1.F);
    broken[3] = NAN;
    EXPECT_NO_THROW((void)embedding_image(fit_embedding_basis(broken, {}, 2), broken, {2, 2}));
}

TEST(Panel, PlacesImagesSideBySide) {
    const Image image = testing::gray_image({80, 60});
    const std::vector<CaptionedImage> two{{"one", image}, {"two", testing::gray_image({40, 120})}};
    const Image sheet = panel(two, "title");
    EXPECT_GT(sheet.size.width, 80 + 20);
    EXPECT_LT(sheet.size.width, 80 + 20 + 40);
    EXPECT_GT(sheet.size.height, 60 + 20);
    EXPECT_LT(panel(two, "").size.height, sheet.size.height);
    EXPECT_THROW((void)panel({}, "title"), Error);
}

TEST(Panel, ProbabilityMapsAreHotWhereTheyAreHigh) {
    const Image image = testing::gray_image({80, 60});
    const std::vector<float> left{1, 0};
    const Image heat = probability_image(image, left, {2, 1});
    EXPECT_GT(heat.rgb[3 * 5], heat.rgb[3 * 75] + 100);
    EXPECT_THROW((void)probability_image(image, left, {2, 2}), Error);
    const std::vector<float> broken{NAN, 2};
    EXPECT_NO_THROW((void)probability_image(image, broken, {2, 1}));
    const Image sheet = probability_panel(image, {left, left, left, {2, 1}}, "person 0.97");
    EXPECT_GT(sheet.size.width, 2 * 80);
    EXPECT_LT(sheet.size.width, 3 * 80);
    EXPECT_GT(sheet.size.height, 2 * 60);
}

}  // namespace
}  // namespace embedmask::render
