/// The two ways to write a box. Both are half-open: a box that covers exactly the pixel in column 3
/// and row 5 is Box{3, 5, 4, 6} and CocoBox{3, 5, 1, 1}.
///
/// Plain values; all functions are pure and may be called from any thread.
#pragma once

namespace embedmask {

/// Corners in pixels: columns [x1, x2), rows [y1, y2), fractions allowed.
struct Box {
    float x1 = 0;
    float y1 = 0;
    float x2 = 0;
    float y2 = 0;

    bool operator==(const Box&) const = default;
};

/// Top left corner and size in pixels, as COCO's files write boxes.
struct CocoBox {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    bool operator==(const CocoBox&) const = default;
};

/// x2 = x + width, y2 = y + height.
constexpr Box to_box(const CocoBox& box) {
    return {static_cast<float>(box.x), static_cast<float>(box.y),
            static_cast<float>(box.x + box.width), static_cast<float>(box.y + box.height)};
}

/// width = x2 - x1, height = y2 - y1.
constexpr CocoBox to_coco(const Box& box) {
    return {box.x1, box.y1, static_cast<double>(box.x2) - box.x1,
            static_cast<double>(box.y2) - box.y1};
}

}  // namespace embedmask
