#include "data/turned.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/orientation.h"

namespace embedmask::data {
namespace {

struct UprightPoint {
    double x;
    double y;
};

// The inverse of image::stored_position, for points between pixels.
UprightPoint upright_point(double x, double y, ImageSize stored, int orientation) {
    const double width = stored.width;
    const double height = stored.height;
    switch (orientation) {
        case 2:
            return {width - x, y};
        case 3:
            return {width - x, height - y};
        case 4:
            return {x, height - y};
        case 5:
            return {y, x};
        case 6:
            return {height - y, x};
        case 7:
            return {height - y, width - x};
        case 8:
            return {y, width - x};
        default:
            return {x, y};
    }
}

}  // namespace

Rle turned(const Rle& mask, int orientation) {
    if (orientation <= 1) {
        return mask;
    }
    const ImageSize stored{mask.width, mask.height};
    const ImageSize size = image::oriented_size(stored, orientation);
    return encode_rows(image::oriented(decode_rows(mask), stored, orientation), size.height,
                       size.width);
}

std::vector<double> turned(const std::vector<double>& ring, ImageSize stored, int orientation) {
    std::vector<double> upright;
    for (std::size_t i = 0; i + 1 < ring.size(); i += 2) {
        const UprightPoint point = upright_point(ring[i], ring[i + 1], stored, orientation);
        upright.push_back(point.x);
        upright.push_back(point.y);
    }
    return upright;
}

CocoBox turned(const CocoBox& box, ImageSize stored, int orientation) {
    const UprightPoint a = upright_point(box.x, box.y, stored, orientation);
    const UprightPoint b =
        upright_point(box.x + box.width, box.y + box.height, stored, orientation);
    return {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x), std::abs(a.y - b.y)};
}

}  // namespace embedmask::data
