// IoU between the detections and the ground truths of one image and category.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/box.h"
#include "embedmask/rle.h"

namespace embedmask::detail {

/// COCO's box IoU: plain widths; for a crowd, divided by the area of the detection.
double iou(const CocoBox& detection, const CocoBox& ground_truth, bool crowd);

/// A mask prepared for many intersections.
class MaskRuns {
public:
    explicit MaskRuns(const Rle& rle);

    [[nodiscard]] double iou(const MaskRuns& ground_truth, bool crowd) const;

private:
    std::vector<std::array<std::uint32_t, 2>> runs_;  // foreground [begin, end) in scan order
    CocoBox box_;
    std::uint64_t area_ = 0;
};

}  // namespace embedmask::detail
