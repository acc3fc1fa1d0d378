#include "embedmask/rle.h"

#include <gtest/gtest.h>

#include <random>

#include "embedmask/error.h"
#include "embedmask/polygon.h"
#include "test_data.h"

namespace embedmask {
namespace {

using testing::message_of;
std::vector<std::uint8_t> flat(const nlohmann::json& rows) {
    std::vector<std::uint8_t> bitmap;
    for (const auto& row : rows) {
        for (const auto& pixel : row) {
            bitmap.push_back(pixel.get<std::uint8_t>());
        }
    }
    return bitmap;
}

std::vector<std::uint8_t> checkers(int height, int width) {
    std::vector<std::uint8_t> bitmap;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            bitmap.push_back((x / 37 + y / 53) % 2 != 0 ? 1 : 0);
        }
    }
    return bitmap;
}

Rle random_mask(std::mt19937& random, int height, int width) {
    std::vector<std::uint8_t> bitmap(static_cast<std::size_t>(height) * width);
    const unsigned density = random() % 5;
    for (auto& pixel : bitmap) {
        pixel = random() % 5 < density ? 1 : 0;
    }
    return encode_rows(bitmap, height, width);
}

TEST(Rle, GoldenVectors) {
    for (const auto& item : testing::golden("rle").at("cases")) {
        // The large case is given by its rule: x div 37 + y div 53 is odd.
        const bool by_rule = item.contains("rule");
        const int height =
            by_rule ? item.at("h").get<int>() : static_cast<int>(item.at("mask").size());
        const int width =
            by_rule ? item.at("w").get<int>() : static_cast<int>(item.at("mask").at(0).size());
        const auto bitmap = by_rule ? checkers(height, width) : flat(item.at("mask"));
        const Rle rle = encode_rows(bitmap, height, width);
        EXPECT_EQ(rle.counts, item["rle"].get<std::vector<std::uint32_t>>());
        EXPECT_EQ(compress(rle), item["string"].get<std::string>());
        EXPECT_EQ(decompress(item["string"].get<std::string>(), height, width), rle);
        EXPECT_EQ(area(rle), item["area"].get<std::uint64_t>());
        EXPECT_EQ(bounding_box(rle), item["bbox_xywh"].get<CocoBox>());
        EXPECT_EQ(decode_rows(rle), bitmap);
        EXPECT_EQ(encode_columns(decode_columns(rle), height, width), rle);
    }
}

TEST(Polygon, GoldenVectors) {
    for (const auto& item : testing::golden("polygon_rle")["cases"]) {
        const int height = item["h"];
        const int width = item["w"];
        const auto rings = item["rings"].get<std::vector<std::vector<double>>>();
        const auto per_ring = item["rle_per_ring"].get<std::vector<std::vector<std::uint32_t>>>();
        for (std::size_t i = 0; i < rings.size(); ++i) {
            EXPECT_EQ(rasterize_polygons(std::span(rings).subspan(i, 1), height, width).counts,
                      per_ring[i]);
        }
        const Rle rle = rasterize_polygons(rings, height, width);
        EXPECT_EQ(rle.counts, item["rle"].get<std::vector<std::uint32_t>>());
        EXPECT_EQ(compress(rle), item["string"].get<std::string>());
        EXPECT_EQ(area(rle), item["area"].get<std::uint64_t>());
        EXPECT_EQ(bounding_box(rle), item["bbox_xywh"].get<CocoBox>());
    }
}

TEST(Polygon, SmallRingsAreIgnored) {
    const std::vector<std::vector<double>> rings{{1, 1, 5, 5}, {}};
    EXPECT_EQ(area(rasterize_polygons(rings, 8, 8)), 0U);
}

TEST(Polygon, HostileCoordinatesAreErrors) {
    for (const double bad : {std::nan(""), 1e300, -1e300, 2e6, HUGE_VAL}) {
        const std::vector<double> ring{1, 1, bad, 4, 5, 6};
        EXPECT_NE(message_of([&] { rasterize_ring(ring, 8, 8); }).find("number 2"),
                  std::string::npos);
    }
    std::vector<double> endless;
    for (int i = 0; i < 2000; ++i) {
        endless.insert(endless.end(), {i % 2 == 0 ? -1e6 : 1e6, 0.0});
    }
    EXPECT_NE(message_of([&] { rasterize_ring(endless, 2, 40000); }).find("outline"),
              std::string::npos);
}

TEST(Rle, RowsAndColumnsAgreeBeyondOneTile) {
    std::mt19937 random(1);
    for (const auto& [height, width] : {std::pair{3, 200}, {70, 65}, {1, 1}, {5, 64}, {0, 7}}) {
        const Rle rle = random_mask(random, height, width);
        EXPECT_EQ(encode_columns(decode_columns(rle), height, width), rle);
        EXPECT_EQ(encode_rows(decode_rows(rle), height, width), rle);
    }
}

TEST(Rle, MergeAndIouEqualTheBitmaps) {
    std::mt19937 random(2);
    for (int round = 0; round < 500; ++round) {
        const int height = 1 + static_cast<int>(random() % 12);
        const int width = 1 + static_cast<int>(random() % 12);
        const std::vector<Rle> masks{random_mask(random, height, width),
                                     random_mask(random, height, width)};
        const auto a = decode_columns(masks[0]);
        const auto b = decode_columns(masks[1]);
        std::vector<std::uint8_t> either(a.size());
        std::vector<std::uint8_t> both(a.size());
        double common = 0;
        double all = 0;
        double own = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            either[i] = a[i] | b[i];
            both[i] = a[i] & b[i];
            common += both[i];
            all += either[i];
            own += a[i];
        }
        EXPECT_EQ(unite(masks), encode_columns(either, height, width));
        EXPECT_EQ(intersect(masks), encode_columns(both, height, width));
        EXPECT_EQ(mask_iou(masks[0], masks[1]), common == 0 ? 0 : common / all);
        EXPECT_EQ(mask_iou(masks[0], masks[1], true), common == 0 ? 0 : common / own);
    }
}

TEST(Rle, BuilderEqualsEncoding) {
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        const int height = 1 + static_cast<int>(random() % 9);
        const int width = 1 + static_cast<int>(random() % 9);
        const Rle expected = random_mask(random, height, width);
        const auto bitmap = decode_columns(expected);
        RleBuilder builder(height, width);
        for (std::size_t i = 0; i < bitmap.size(); ++i) {
            if (bitmap[i] != 0) {
                builder.add(i, i + 1);
            }
        }
        EXPECT_EQ(builder.finish(), expected);
    }
    RleBuilder builder(4, 3);
    builder.add_column(0, 2, 4);
    builder.add_column(1, 0, 1);
    EXPECT_EQ(builder.finish().counts, (std::vector<std::uint32_t>{2, 3, 7}));
    builder.add(3, 5);
    EXPECT_THROW(builder.add(4, 6), Error);
    EXPECT_THROW(builder.add(11, 13), Error);
}

TEST(Rle, EmptyRunsInsideAListAreEmpty) {
    const Rle odd{4, 5, {5, 0, 3, 2, 10}};
    const Rle plain{4, 5, {8, 2, 10}};
    EXPECT_EQ(mask_iou(odd, odd), 1);
    EXPECT_EQ(bounding_box(odd), bounding_box(plain));
    EXPECT_EQ(area(unite(std::vector{odd, odd})), 2U);
    validate(unite(std::vector{odd, plain}));
    EXPECT_EQ(bounding_box({4, 5, {20, 0}}), (CocoBox{}));
}

TEST(Rle, BrokenInputIsNamed) {
    const auto decode = [](const char* text) {
        return message_of([=] { decompress(text, 4, 3); });
    };
    EXPECT_NE(decode("5").find("cover only 5 of the 12"), std::string::npos);
    EXPECT_NE(decode("5<").find("exceeds the 12 pixels"), std::string::npos);
    EXPECT_NE(decode("5P").find("ends inside"), std::string::npos);
    EXPECT_NE(decode("5!").find("byte 33"), std::string::npos);
    EXPECT_NE(decode("oooooooo").find("35 bits"), std::string::npos);
    EXPECT_NE(decode("O").find("negative length -1"), std::string::npos);
    EXPECT_NE(message_of([] { validate(Rle{4, 3, {5, 8}}); }).find("exceed 12"), std::string::npos);
    EXPECT_NE(message_of([] {
                  validate(Rle{4, 3, {0xffffffffU, 0xffffffffU}});
              }).find("exceed"),
              std::string::npos);
    EXPECT_NE(message_of([] { validate(Rle{4, 3, {5}}); }).find("cover only 5"), std::string::npos);
    EXPECT_THROW(validate(Rle{1 << 16, 1 << 16, {0}}), Error);
    EXPECT_THROW(validate(Rle{-1, 3, {}}), Error);
    EXPECT_THROW(mask_iou({4, 3, {12}}, {3, 4, {12}}), Error);
    EXPECT_THROW(unite({}), Error);
    EXPECT_THROW(encode_rows(std::vector<std::uint8_t>(11), 4, 3), Error);
}

}  // namespace
}  // namespace embedmask
