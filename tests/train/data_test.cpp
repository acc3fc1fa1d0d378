// Boxes, masks and batches on their way into training.
#include <gtest/gtest.h>

#include "embedmask/polygon.h"
#include "tensors.h"
#include "test_data.h"
#include "train/augment.h"
#include "train/geometry.h"
#include "train/loader.h"
#include "train/random.h"

namespace embedmask::train {
namespace {

using nlohmann::json;
using testing::golden;
using torch::Tensor;

Geometry geometry_of(const json& item) {
    Geometry g;
    g.original = {item["orig_wh"][0], item["orig_wh"][1]};
    g.resized = {item["new_wh"][0], item["new_wh"][1]};
    g.crop_size = g.resized;
    return g;
}

TEST(Geometry, GoldenBoxesAndPolygons) {
    for (const json& item : golden("boxes")["cases"]) {
        Geometry g = geometry_of(item);
        const auto xywh = item["coco_xywh"].get<std::vector<double>>();
        const CocoBox box{xywh[0], xywh[1], xywh[2], xywh[3]};
        for (const bool flipped : {false, true}) {
            g.flipped = flipped;
            const auto found = transform_box(box, g);
            ASSERT_EQ(found.has_value(), item["kept"].get<bool>());
            const json& expected = item[flipped ? "flipped" : "resized"];
            if (found) {
                EXPECT_EQ(found->x1, expected[0].get<float>());
                EXPECT_EQ(found->y1, expected[1].get<float>());
                EXPECT_EQ(found->x2, expected[2].get<float>());
                EXPECT_EQ(found->y2, expected[3].get<float>());
            }
            const auto ring = transform_ring(item["polygon"], g);
            const json& polygon = item[flipped ? "polygon_flipped" : "polygon_resized"];
            ASSERT_EQ(ring.size(), polygon.size());
            for (std::size_t i = 0; i < ring.size(); ++i) {
                EXPECT_EQ(ring[i], polygon[i].get<double>());
            }
        }
    }
}

TEST(Geometry, TheOtherConventionHasNoPlusOne) {
    Geometry g;
    g.original = {100, 80};
    g.resized = {200, 160};
    g.crop_size = g.resized;
    g.plus_one = false;
    g.flipped = true;
    const auto box = transform_box({10, 20, 30, 40}, g);
    ASSERT_TRUE(box);
    EXPECT_EQ(*box, (Box{120, 40, 180, 120}));
}

TEST(Geometry, CutMasksAndBoxesStayTogether) {
    Geometry g;
    g.original = {40, 30};
    g.resized = {40, 30};
    g.crop_x = 5;
    g.crop_y = 4;
    g.crop_size = {20, 16};
    Segmentation square;
    square.format = Segmentation::Format::polygons;
    square.polygons = {{10, 10, 18, 10, 18, 16, 10, 16}};
    const auto mask = transform_mask(square, g);
    ASSERT_TRUE(mask);
    EXPECT_EQ(mask->sizes(), (std::vector<std::int64_t>{16, 20}));
    EXPECT_EQ(mask->sum().item<std::int64_t>(), 48);
    EXPECT_EQ((*mask)[6][5].item<int>(), 1);
    EXPECT_EQ((*mask)[5][5].item<int>(), 0);
    const auto box = transform_box({10, 10, 8, 6}, g);
    ASSERT_TRUE(box);
    EXPECT_EQ(*box, (Box{5, 6, 12, 11}));
    EXPECT_FALSE(transform_box({30, 1, 5, 5}, g));
}

TEST(Geometry, RunLengthsAreResizedAndFlipped) {
    std::vector<std::uint8_t> rows(6 * 8, 0);
    for (int y = 0; y < 6; ++y) {
        for (int x = 0; x < 4; ++x) {
            rows[static_cast<std::size_t>(y * 8 + x)] = 1;
        }
    }
    Segmentation left;
    left.format = Segmentation::Format::rle;
    left.rle = encode_rows(rows, 6, 8);
    Geometry g;
    g.original = {8, 6};
    g.resized = {16, 12};
    g.crop_size = g.resized;
    g.flipped = true;
    const auto mask = transform_mask(left, g);
    ASSERT_TRUE(mask);
    EXPECT_EQ(mask->slice(1, 0, 8).sum().item<std::int64_t>(), 0);
    EXPECT_EQ(mask->slice(1, 8, 16).sum().item<std::int64_t>(), 96);
}

TEST(Geometry, AnObjectWithoutARingIsDropped) {
    Segmentation line;
    line.format = Segmentation::Format::polygons;
    line.polygons = {{1, 1, 5, 5}};
    Geometry g;
    g.original = g.resized = g.crop_size = {10, 10};
    EXPECT_FALSE(transform_mask(line, g));
}

TEST(Augment, FlippingTwiceChangesNothing) {
    Image image{{3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    flip(image);
    EXPECT_EQ(image.rgb, (std::vector<std::uint8_t>{7, 8, 9, 4, 5, 6, 1, 2, 3}));
    flip(image);
    EXPECT_EQ(image.rgb, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Augment, PastedObjectsCoverOthers) {
    const ImageSize size{20, 20};
    Image image{size, std::vector<std::uint8_t>(1200, 10)};
    Image other{size, std::vector<std::uint8_t>(1200, 200)};
    const auto object = [](int x1, int x2) {
        Tensor mask = torch::zeros({1, 20, 20}, torch::kUInt8);
        mask.slice(1, 5, 15).slice(2, x1, x2).fill_(1);
        return Instances{
            torch::tensor({{static_cast<float>(x1), 5.F, static_cast<float>(x2 - 1), 14.F}}),
            torch::ones({1}, torch::kInt64), mask, torch::ones({1}, torch::kBool)};
    };
    Instances own = object(0, 10);
    std::mt19937_64 random = random_for({2});
    for (int tries = 0; own.size() == 1 && tries < 50; ++tries) {
        paste_objects(image, own, other, object(6, 16), /*legacy_plus_one=*/true, random);
    }
    ASSERT_EQ(own.size(), 2);
    EXPECT_EQ(own.masks[0].sum().item<std::int64_t>(), 60);
    EXPECT_EQ(own.boxes[0][2].item<float>(), 5);
    EXPECT_EQ(own.masks[1].sum().item<std::int64_t>(), 100);
    EXPECT_EQ(image.rgb[3 * (5 * 20 + 6)], 200);
    EXPECT_EQ(image.rgb[3 * (5 * 20 + 5)], 10);
    Instances far = object(0, 10);
    for (int tries = 0; far.size() == 1 && tries < 50; ++tries) {
        paste_objects(image, far, other, object(6, 16), /*legacy_plus_one=*/false, random);
    }
    ASSERT_EQ(far.size(), 2);
    EXPECT_TRUE(torch::equal(far.boxes[1], torch::tensor({6.F, 5.F, 16.F, 15.F})));
}

TEST(Collate, GoldenPadding) {
    for (const json& item : golden("padding")["cases"]) {
        std::vector<Sample> samples;
        for (const json& size : item["image_sizes_hw"]) {
            const ImageSize own{size[1], size[0]};
            const auto bytes =
                3ULL * static_cast<std::size_t>(own.width) * static_cast<std::size_t>(own.height);
            samples.push_back({{own, std::vector<std::uint8_t>(bytes, 127)}, {}, 1});
        }
        const Batch batch = collate(samples, Config());
        EXPECT_EQ(batch.images.size(2), item["batch_hw"][0].get<std::int64_t>());
        EXPECT_EQ(batch.images.size(3), item["batch_hw"][1].get<std::int64_t>());
        EXPECT_NEAR(batch.images[0][0][0][0].item<double>(), 127 - 102.9801, 1e-4);
    }
}

TEST(Random, KeysDecideAlone) {
    EXPECT_EQ(random_for({1, 2, 3})(), random_for({1, 2, 3})());
    EXPECT_NE(random_for({1, 2, 3})(), random_for({1, 3, 2})());
}

}  // namespace
}  // namespace embedmask::train
