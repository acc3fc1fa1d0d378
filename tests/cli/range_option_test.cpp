#include "range_option.h"

#include <gtest/gtest.h>

namespace embedmask::cli {
namespace {

TEST(RangeOption, TakesValuesAndPercentiles) {
    EXPECT_EQ(parse_range("0:4095"), (SampleRange{0, 4095}));
    EXPECT_EQ(parse_range("-1.5:2e3"), (SampleRange{-1.5, 2000}));
    EXPECT_EQ(parse_range("percentile"), (SampleRange{1, 99, true}));
    EXPECT_EQ(parse_range("0.5%:99.5%"), (SampleRange{0.5, 99.5, true}));
    EXPECT_EQ(parse_range("0%:100%"), (SampleRange{0, 100, true}));
}

TEST(RangeOption, OtherTextIsNoRange) {
    for (const char* text :
         {"", ":", "5", "5:", ":5", "5:5", "6:5", "a:b", "1:2:3", "1%:2", "1:2%", "-1%:5%",
          "1%:101%", "nan:1", "0:inf", "0:1e999", "%:%", " 0:1", "Percentile"}) {
        EXPECT_FALSE(parse_range(text)) << text;
    }
}

TEST(RangeOption, ReportsNameTheRange) {
    for (const char* text : {"0:4095", "-1.5:2000", "0.5%:99.5%"}) {
        EXPECT_EQ(text_of(*parse_range(text)), text);
    }
    EXPECT_EQ(text_of(*parse_range("percentile")), "1%:99%");
}

}  // namespace
}  // namespace embedmask::cli
