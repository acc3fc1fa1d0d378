#include "bench_inputs.h"

#include <gtest/gtest.h>

namespace embedmask::cli {
namespace {

// A box of corners written as one of sides would reach far beyond the image.
TEST(BenchInputs, BoxesLieInsideTheImageAndTheNetworkInput) {
    const mask::Geometry geometry{{640, 480}, {1066, 800}, {1088, 800}};
    const auto objects = synthetic_objects(geometry, 100);
    ASSERT_EQ(objects.size(), 100U);
    for (const auto& [box, detection] : objects) {
        EXPECT_GE(box.x1, 0);
        EXPECT_LT(box.x1, box.x2);
        EXPECT_LE(box.x2, 1066);
        EXPECT_LT(box.y1, box.y2);
        EXPECT_LE(box.y2, 800);
        EXPECT_GT(detection.box.width, 0);
        EXPECT_GT(detection.box.height, 0);
        EXPECT_LE(detection.box.x + detection.box.width, 640.001);
        EXPECT_LE(detection.box.y + detection.box.height, 480.001);
        EXPECT_NEAR(detection.box.width, (box.x2 - box.x1) * 640 / 1066, 1e-3);
        EXPECT_NEAR(detection.box.height, (box.y2 - box.y1) * 480 / 800, 1e-3);
    }
}

}  // namespace
}  // namespace embedmask::cli
