#include "mask/measure.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "mask/region.h"

namespace embedmask::mask {
namespace {

/// A corner of a pixel.
struct Corner {
    std::int64_t x = 0;
    std::int64_t y = 0;

    bool operator==(const Corner&) const = default;
};

/// Twice the area of the triangle; positive for a left turn (y points up).
std::int64_t cross(Corner a, Corner b, Corner c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

double distance(Corner a, Corner b) {
    return std::hypot(static_cast<double>(a.x - b.x), static_cast<double>(a.y - b.y));
}

// The corners of the first and last pixel of each row: no other corner can be on the hull.
std::vector<Corner> extreme_corners(const MaskRegion& region) {
    std::vector<Corner> corners;
    for (int y = 0; y < region.height; ++y) {
        int first = 0;
        while (first < region.width && region.at(first, y) == 0) {
            ++first;
        }
        if (first == region.width) {
            continue;
        }
        int end = region.width;
        while (region.at(end - 1, y) == 0) {
            --end;
        }
        for (const int x : {first, end}) {
            corners.push_back({x, y});
            corners.push_back({x, y + 1});
        }
    }
    return corners;
}

// Andrew's monotone chain, without points on the sides.
std::vector<Corner> convex_hull(std::vector<Corner> points) {
    std::ranges::sort(points, {}, [](Corner point) { return std::pair(point.x, point.y); });
    points.erase(std::unique(points.begin(), points.end()), points.end());
    std::vector<Corner> hull;
    const auto add_chain = [&](const auto& range) {
        const std::size_t start = hull.size();
        for (const Corner point : range) {
            while (hull.size() >= start + 2 &&
                   cross(hull[hull.size() - 2], hull.back(), point) <= 0) {
                hull.pop_back();
            }
            hull.push_back(point);
        }
        hull.pop_back();  // begins the other chain
    };
    add_chain(points);
    std::ranges::reverse(points);
    add_chain(points);
    return hull;
}

void measure_hull(const std::vector<Corner>& hull, Measurements& result) {
    const std::size_t count = hull.size();
    result.feret_min = std::numeric_limits<double>::infinity();
    std::size_t far = 1;
    for (std::size_t i = 0; i < count; ++i) {
        const Corner a = hull[i];
        const Corner b = hull[(i + 1) % count];
        // The corner farthest from this side moves on with the side (rotating calipers).
        while (cross(a, b, hull[(far + 1) % count]) > cross(a, b, hull[far])) {
            far = (far + 1) % count;
        }
        result.feret_min = std::min(result.feret_min,
                                    static_cast<double>(cross(a, b, hull[far])) / distance(a, b));
        for (const Corner corner : {a, b}) {
            const double length = distance(corner, hull[far]);
            if (length > result.feret_max) {
                result.feret_max = length;
                const double angle = std::atan2(static_cast<double>(hull[far].y - corner.y),
                                                static_cast<double>(hull[far].x - corner.x));
                const double degrees = angle * 180 / std::numbers::pi;
                result.feret_angle = degrees < 0 ? degrees + 180 : std::fmod(degrees, 180);
            }
        }
    }
}

// Lengths by counting how often lines at 0, 45, 90 and 135 degrees cross the boundary. The region
// has an empty border.
double crofton_perimeter(const MaskRegion& region) {
    std::uint64_t straight = 0;
    std::uint64_t diagonal = 0;
    for (int y = 0; y + 1 < region.height; ++y) {
        for (int x = 0; x + 1 < region.width; ++x) {
            const std::uint8_t here = region.at(x, y);
            const std::uint8_t right = region.at(x + 1, y);
            const std::uint8_t below = region.at(x, y + 1);
            straight += here != right ? 1 : 0;
            straight += here != below ? 1 : 0;
            diagonal += here != region.at(x + 1, y + 1) ? 1 : 0;
            diagonal += right != below ? 1 : 0;
        }
    }
    // Lines of one direction are 1 pixel apart, or on the diagonals 1 / sqrt(2); the mean over the
    // directions, times pi / 2, is the length.
    return std::numbers::pi / 8 *
           (static_cast<double>(straight) + static_cast<double>(diagonal) / std::numbers::sqrt2);
}

}  // namespace

Measurements measure(const Rle& mask) {
    Measurements result;
    if (embedmask::area(mask) == 0) {
        return result;
    }
    const MaskRegion region = mask_region(mask, 1);
    double sum_x = 0;
    double sum_y = 0;
    for (int y = 0; y < region.height; ++y) {
        for (int x = 0; x < region.width; ++x) {
            if (region.at(x, y) != 0) {
                result.area += 1;
                sum_x += x + 0.5;
                sum_y += y + 0.5;
            }
        }
    }
    result.centroid_x = region.x + sum_x / result.area;
    result.centroid_y = region.y + sum_y / result.area;
    result.perimeter = crofton_perimeter(region);
    measure_hull(convex_hull(extreme_corners(region)), result);
    return result;
}

}  // namespace embedmask::mask
