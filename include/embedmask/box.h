/// @file
/// The two box formats. Both are half-open: a box that covers exactly the pixel in column 3 and row
/// 5 is Box{3, 5, 4, 6} or CocoBox{3, 5, 1, 1}.
///
/// Plain values; all functions are pure and may be called from any thread.
#pragma once

namespace embedmask {

/// Corners in pixels: columns [x1, x2), rows [y1, y2), fractions allowed.
struct Box {
    float x1 = 0;  ///< left
    float y1 = 0;  ///< top
    float x2 = 0;  ///< right, exclusive
    float y2 = 0;  ///< bottom, exclusive

    bool operator==(const Box&) const = default;
};

/// Top left corner and size in pixels, as in COCO files.
struct CocoBox {
    double x = 0;       ///< left
    double y = 0;       ///< top
    double width = 0;   ///< pixels
    double height = 0;  ///< pixels

    bool operator==(const CocoBox&) const = default;
};

/// The same box as corners: x2 = x + width, y2 = y + height.
constexpr Box to_box(const CocoBox& box) {
    return {static_cast<float>(box.x), static_cast<float>(box.y),
            static_cast<float>(box.x + box.width), static_cast<float>(box.y + box.height)};
}

/// The same box as corner and size: width = x2 - x1, height = y2 - y1.
constexpr CocoBox to_coco(const Box& box) {
    return {box.x1, box.y1, static_cast<double>(box.x2) - box.x1,
            static_cast<double>(box.y2) - box.y1};
}

}  // namespace embedmask
