// From samples of more than 8 bits to 8 bits.
#include "image/sample_range.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "embedmask/error.h"

namespace embedmask::image {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// All samples in one row.
std::vector<int> mapped(const std::vector<double>& values, const SampleValues& kind,
                        const std::optional<SampleRange>& range = std::nullopt) {
    std::vector<std::uint8_t> out(values.size());
    map_samples(range, kind, values.size(), [&](const auto& use) { use(values, out.data()); });
    return {out.begin(), out.end()};
}

using Ints = std::vector<int>;

TEST(SampleRange, WholeNumbersKeepTheirHighByte) {
    const ValueMapping mapping(0, 65535, true);
    for (int value = 0; value <= 65535; ++value) {
        ASSERT_EQ(mapping(value), value >> 8);
    }
    const ValueMapping twelve(0, 4095, true);
    for (int value = 0; value <= 4095; ++value) {
        ASSERT_EQ(twelve(value), value >> 4);
    }
    EXPECT_EQ(twelve(4096), 255);
    EXPECT_EQ(twelve(70000), 255);
    EXPECT_EQ(twelve(-1), 0);
}

TEST(SampleRange, FloatsOfEightBitsComeBack) {
    const ValueMapping mapping(0, 1, false);
    for (int value = 0; value <= 255; ++value) {
        EXPECT_EQ(mapping(static_cast<float>(value) / 255.0F), value);
    }
}

TEST(SampleRange, TheDefaultDependsOnTheType) {
    EXPECT_EQ(mapped({0, 256, 1000, 65535}, {.most = 65535}), (Ints{0, 1, 3, 255}));
    // Numbers of 32 bits, and signed ones: the least to the greatest.
    EXPECT_EQ(mapped({-100, 27, 155}, {}), (Ints{0, 127, 255}));
    // Floats from 0 to 1, or the least to the greatest.
    EXPECT_EQ(mapped({0.25, 0.5, 0.75}, {.whole = false}), (Ints{64, 128, 192}));
    EXPECT_EQ(mapped({0, 1, 2}, {.whole = false}), (Ints{0, 128, 255}));
    EXPECT_EQ(mapped({-1, 0, 1}, {.whole = false}), (Ints{0, 128, 255}));
}

TEST(SampleRange, WhatIsNotFiniteBecomesZero) {
    EXPECT_EQ(mapped({kNan, 0.5, kInfinity, -kInfinity}, {.whole = false}), (Ints{0, 128, 0, 0}));
    EXPECT_EQ(mapped({kNan, kNan}, {.whole = false}), (Ints{0, 0}));
    EXPECT_EQ(mapped({kNan, 10, kInfinity, 20}, {.whole = false}), (Ints{0, 0, 0, 255}));
}

TEST(SampleRange, ImagesOfOneValueAndExtremesAreNoProblem) {
    EXPECT_EQ(mapped({7, 7}, {}), (Ints{0, 0}));
    EXPECT_EQ(mapped({7.5, 7.5}, {.whole = false}), (Ints{0, 0}));
    const double most = std::numeric_limits<double>::max();
    EXPECT_EQ(mapped({-most, most}, {.whole = false}).front(), 0);
    EXPECT_EQ(mapped({}, {}), Ints{});
}

TEST(SampleRange, TheUserChoosesValues) {
    const SampleRange range{100, 355};
    EXPECT_EQ(mapped({0, 100, 101, 228, 355, 356}, {.most = 65535}, range),
              (Ints{0, 0, 1, 128, 255, 255}));
    EXPECT_EQ(mapped({-1, 0, 1}, {.whole = false}, SampleRange{-2, 2}), (Ints{64, 128, 192}));
}

TEST(SampleRange, PercentilesIgnoreExtremes) {
    std::vector<double> values{65535};
    for (int i = 0; i < 998; ++i) {
        values.push_back(1000 + i % 256);
    }
    values.push_back(0);
    const Ints out = mapped(values, {.most = 65535}, SampleRange{1, 99, true});
    EXPECT_EQ(out.front(), 255);
    EXPECT_EQ(out.back(), 0);
    EXPECT_NEAR(out[1 + 128], 128, 4);
    EXPECT_EQ(mapped({5, 1, 3}, {}, SampleRange{0, 100, true}), mapped({5, 1, 3}, {}));
    // By hand: of 0 to 100, 25 and 75 percent.
    ValueScan scan(101);
    for (int i = 100; i >= 0; --i) {
        scan.add(std::vector<double>{static_cast<double>(i)});
    }
    EXPECT_EQ(scan.percentile(25), 25);
    EXPECT_EQ(scan.percentile(75), 75);
    EXPECT_EQ(scan.percentile(0), 0);
    EXPECT_EQ(scan.percentile(100), 100);
}

TEST(SampleRange, PercentilesOfLargeImagesComeFromEvenlySpacedSamples) {
    constexpr std::size_t kCount = 9'000'000;
    ValueScan scan(kCount);
    std::vector<double> row(1000);
    for (std::size_t first = 0; first < kCount; first += row.size()) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = static_cast<double>(first + i);
        }
        scan.add(row);
    }
    EXPECT_NEAR(scan.percentile(50), kCount / 2.0, 10);
    EXPECT_EQ(scan.greatest(), kCount - 1);
}

TEST(SampleRange, InvalidRangesAreErrors) {
    for (const SampleRange& range :
         {SampleRange{1, 1}, SampleRange{2, 1}, SampleRange{kNan, 1}, SampleRange{0, kInfinity},
          SampleRange{-1, 50, true}, SampleRange{1, 101, true}, SampleRange{50, 50, true}}) {
        try {
            check_range(range);
            ADD_FAILURE() << range.low << " to " << range.high;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::usage);
            EXPECT_TRUE(std::string(error.what()).starts_with("DecodeOptions::range: found "));
        }
    }
    EXPECT_NO_THROW(check_range(std::nullopt));
    EXPECT_NO_THROW(check_range(SampleRange{-5, 5}));
    EXPECT_NO_THROW(check_range(SampleRange{0, 100, true}));
}

}  // namespace
}  // namespace embedmask::image
