#include "embedmask/analysis.h"

#include <gtest/gtest.h>

#include "evaluation/boundary.h"

namespace embedmask {
namespace {

Dataset images() {
    return parse_dataset(R"({"images":[{"id":1,"width":100,"height":100}],
 "categories":[{"id":3,"name":"cat"},{"id":8,"name":"dog"}],
 "annotations":[
  {"id":1,"image_id":1,"category_id":3,"bbox":[0,0,40,40],"area":1600,"iscrowd":0},
  {"id":2,"image_id":1,"category_id":8,"bbox":[50,50,40,40],"area":1600,"iscrowd":0},
  {"id":3,"image_id":1,"category_id":8,"bbox":[0,60,20,20],"area":400,"iscrowd":0},
  {"id":4,"image_id":1,"category_id":3,"bbox":[60,0,40,30],"area":1200,"iscrowd":1}]})",
                         "images");
}

std::vector<Result> found() {
    return parse_results(R"([
 {"image_id":1,"category_id":3,"score":0.9,"bbox":[0,0,40,40]},
 {"image_id":1,"category_id":3,"score":0.8,"bbox":[1,0,40,40]},
 {"image_id":1,"category_id":3,"score":0.7,"bbox":[50,50,40,40]},
 {"image_id":1,"category_id":3,"score":0.6,"bbox":[62,2,20,20]},
 {"image_id":1,"category_id":8,"score":0.5,"bbox":[30,85,5,5]},
 {"image_id":1,"category_id":8,"score":0.1,"bbox":[0,60,20,20]}])",
                         "found");
}

TEST(ConfusionMatrix, CountsEveryObjectOnce) {
    const auto matrix = confusion_matrix(images(), found(), IouType::bbox);
    ASSERT_EQ(matrix.categories, (std::vector<std::int64_t>{3, 8}));
    EXPECT_EQ(matrix.at(0, 0), 1U);
    EXPECT_EQ(matrix.at(1, 0), 1U) << "a dog taken for a cat";
    EXPECT_EQ(matrix.at(1, 2), 1U) << "a dog that scored too low";
    EXPECT_EQ(matrix.at(2, 0), 1U) << "the duplicate; the one in the crowd does not count";
    EXPECT_EQ(matrix.at(2, 1), 1U);
    EXPECT_EQ(matrix.at(2, 2), 0U);
}

TEST(TideErrors, NamesEachKind) {
    const auto all = tide_errors(images(), found(), IouType::bbox);
    EXPECT_GT(all.classification, 0);
    EXPECT_GT(all.background, 0);
    EXPECT_EQ(all.missed, 0) << "every ground truth could be found by some detection";
    EXPECT_EQ(tide_errors(images(), {}, IouType::bbox).ap, 0);
}

TEST(BoundaryBand, IsTheMaskWithoutItsInside) {
    std::vector<std::uint8_t> bitmap(100 * 100, 0);
    for (int y = 20; y < 60; ++y) {
        for (int x = 30; x < 50; ++x) {
            bitmap[static_cast<std::size_t>(y * 100 + x)] = 1;
        }
    }
    const Rle square = encode_rows(bitmap, 100, 100);
    // 2 % of the diagonal of 141 pixels: 3 pixels on each side.
    EXPECT_EQ(area(detail::boundary_band(square, 0.02)), 40U * 20U - 34U * 14U);
    const Rle full = encode_rows(std::vector<std::uint8_t>(100 * 100, 1), 100, 100);
    EXPECT_EQ(area(detail::boundary_band(full, 0.02)), 10000U - 94U * 94U)
        << "the border counts, too";
    EXPECT_EQ(area(detail::boundary_band({100, 100, {10000}}, 0.02)), 0U);
}

}  // namespace
}  // namespace embedmask
