#include "base/ordered_pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "embedmask/error.h"

namespace embedmask::detail {
namespace {

TEST(OrderedPipeline, KeepsTheOrderAndPassesOnExceptions) {
    for (const int workers : {1, 3}) {
        std::vector<std::size_t> order;
        run_ordered(
            50, workers, [](std::size_t i) { return 2 * i; },
            [&](std::size_t i, std::size_t result) {
                EXPECT_EQ(result, 2 * i);
                order.push_back(i);
            });
        ASSERT_EQ(order.size(), 50U);
        EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
        EXPECT_THROW(run_ordered(
                         50, workers,
                         [](std::size_t i) {
                             if (i == 20) {
                                 throw Error("item 20");
                             }
                             return i;
                         },
                         [](std::size_t, std::size_t) {}),
                     Error);
    }
}

}  // namespace
}  // namespace embedmask::detail
