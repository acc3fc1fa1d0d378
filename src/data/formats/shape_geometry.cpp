#include "data/formats/shape_geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "embedmask/error.h"

namespace embedmask::data {
namespace {

constexpr double kSide = 2;  // longest side of the polygon of an ellipse, pixels
constexpr int kLeastSides = 32;
constexpr int kMostSides = 4096;

// Appends (x, y) turned clockwise around a point; y points down.
void add_turned(std::vector<double>& ring, double x, double y, double degrees, double around_x,
                double around_y) {
    const double angle = degrees * std::numbers::pi / 180;
    const double dx = x - around_x;
    const double dy = y - around_y;
    ring.push_back(around_x + dx * std::cos(angle) - dy * std::sin(angle));
    ring.push_back(around_y + dx * std::sin(angle) + dy * std::cos(angle));
}

}  // namespace

double rounded_pixel(double value) {
    constexpr double kPerPixel = 1e6;
    return std::round(value * kPerPixel) / kPerPixel;
}

std::vector<double> turned_rectangle(const CocoBox& box, double degrees, double around_x,
                                     double around_y) {
    std::vector<double> ring;
    const double right = box.x + box.width;
    const double bottom = box.y + box.height;
    add_turned(ring, box.x, box.y, degrees, around_x, around_y);
    add_turned(ring, right, box.y, degrees, around_x, around_y);
    add_turned(ring, right, bottom, degrees, around_x, around_y);
    add_turned(ring, box.x, bottom, degrees, around_x, around_y);
    return ring;
}

std::vector<double> ellipse_ring(double x, double y, double radius_x, double radius_y,
                                 double degrees) {
    const double radius = std::max(radius_x, radius_y);
    if (!(std::min(radius_x, radius_y) >= 0 && radius <= kFarthest)) {
        throw Error(
            fmt::format("found the radii {} and {}: expected 0 to {:.0f} "
                        "pixels",
                        radius_x, radius_y, kFarthest));
    }
    const double around = 2 * std::numbers::pi;
    const int sides =
        std::clamp(static_cast<int>(std::ceil(around * radius / kSide)), kLeastSides, kMostSides);
    std::vector<double> ring;
    for (int i = 0; i < sides; ++i) {
        const double angle = around * i / sides;
        add_turned(ring, x + radius_x * std::cos(angle), y + radius_y * std::sin(angle), degrees, x,
                   y);
    }
    return ring;
}

Rle placed_mask(std::span<const std::uint8_t> bits, ImageSize part, std::int64_t left,
                std::int64_t top, ImageSize image) {
    RleBuilder builder(image.height, image.width);
    const std::int64_t first_x = std::max<std::int64_t>(0, -left);
    const std::int64_t end_x = std::min<std::int64_t>(part.width, image.width - left);
    const std::int64_t first_y = std::max<std::int64_t>(0, -top);
    const std::int64_t end_y = std::min<std::int64_t>(part.height, image.height - top);
    for (std::int64_t x = first_x; x < end_x; ++x) {
        for (std::int64_t y = first_y; y < end_y; ++y) {
            if (bits[static_cast<std::size_t>(y * part.width + x)] == 0) {
                continue;
            }
            const std::int64_t begin = y;
            while (y < end_y && bits[static_cast<std::size_t>(y * part.width + x)] != 0) {
                ++y;
            }
            builder.add_column(static_cast<int>(left + x), static_cast<int>(top + begin),
                               static_cast<int>(top + y));
        }
    }
    return builder.finish();
}

}  // namespace embedmask::data
