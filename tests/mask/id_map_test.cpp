#include "mask/id_map.h"

#include <gtest/gtest.h>

#include "embedmask/error.h"
#include "render/masks.h"

namespace embedmask::mask {
namespace {

TEST(IdMap, BackgroundIsZeroAndHigherScoresWin) {
    const Rle left = testing::rectangle_mask(6, 2, 0, 0, 4, 2);
    const Rle right = testing::rectangle_mask(6, 2, 2, 0, 5, 2);
    const std::vector<ScoredMask> masks{{&left, 0.4F}, {&right, 0.8F}};
    EXPECT_EQ(id_map({6, 2}, masks),
              (std::vector<std::uint16_t>{1, 1, 2, 2, 2, 0, 1, 1, 2, 2, 2, 0}));
    const std::vector<ScoredMask> equal{{&left, 0.4F}, {&right, 0.4F}};
    EXPECT_EQ(id_map({6, 2}, equal),
              (std::vector<std::uint16_t>{1, 1, 1, 1, 2, 0, 1, 1, 1, 1, 2, 0}));
    EXPECT_THROW((void)id_map({2, 6}, equal), Error);
    const std::vector<ScoredMask> many(65536, masks[0]);
    EXPECT_THROW((void)id_map({6, 2}, many), Error);
}

}  // namespace
}  // namespace embedmask::mask
