// The COCO rasteriser, step by step as spec §2.7 numbers it. Compiled without FMA contraction: one
// differently rounded chain point would move a pixel.
#include "embedmask/polygon.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "embedmask/error.h"
#include "mask/rle_size.h"

namespace embedmask {

namespace {

constexpr double kScale = 5;                     // chain points per pixel
constexpr double kMaxCoordinate = 1 << 20;       // pixels
constexpr std::int64_t kMaxOutline = 1LL << 27;  // chain points
constexpr std::size_t kMinNumbers = 6;           // three vertices

struct Point {
    int x = 0;
    int y = 0;
};

int scaled(double coordinate, std::size_t index) {
    if (!(std::abs(coordinate) <= kMaxCoordinate))
        throw Error(
            fmt::format("polygon, number {}: found the coordinate {}: expected a number "
                        "within +-{:.0f} pixels",
                        index, coordinate, kMaxCoordinate));
    return static_cast<int>(kScale * coordinate + .5);
}

/// Walks the chain of step 2 and keeps where it crosses from one pixel column into the next
/// (step 3), as positions in the column-major scan.
class Crossings {
public:
    Crossings(int height, int width) : height_(height), width_(width) {}

    void edge(Point from, Point to) {
        const int dx = std::abs(to.x - from.x);
        const int dy = std::abs(to.y - from.y);
        const bool along_x = dx >= dy;
        const int length = along_x ? dx : dy;
        steps_ += length + 1;
        if (steps_ > kMaxOutline)
            throw Error(fmt::format("polygon: its outline is longer than {} pixels",
                                    kMaxOutline / static_cast<int>(kScale)));
        if (length == 0) return point(from);
        const bool flip = along_x ? from.x > to.x : from.y > to.y;
        if (flip) std::swap(from, to);
        const double slope = along_x ? static_cast<double>(to.y - from.y) / dx
                                     : static_cast<double>(to.x - from.x) / dy;
        for (int step = 0; step <= length; ++step) {
            const int t = flip ? length - step : step;
            point(along_x ? Point{from.x + t, static_cast<int>(from.y + slope * t + .5)}
                          : Point{static_cast<int>(from.x + slope * t + .5), from.y + t});
        }
    }

    std::vector<std::uint32_t> take() { return std::move(positions_); }

private:
    void point(Point next) {
        const Point last = std::exchange(last_, next);
        if (std::exchange(first_, false) || next.x == last.x) return;
        const int left = next.x < last.x ? next.x : next.x - 1;
        // (left + 0.5) / 5 - 0.5 is an integer exactly when left = 5 * column + 2.
        if (left < 0 || left % 5 != 2 || left / 5 > width_ - 1) return;
        double y = (std::min(next.y, last.y) + .5) / kScale - .5;
        y = std::ceil(std::clamp(y, 0.0, static_cast<double>(height_)));
        positions_.push_back(static_cast<std::uint32_t>(left / 5) *
                                 static_cast<std::uint32_t>(height_) +
                             static_cast<std::uint32_t>(y));
    }

    int height_;
    int width_;
    std::vector<std::uint32_t> positions_;
    Point last_;
    bool first_ = true;
    std::int64_t steps_ = 0;
};

}  // namespace

Rle rasterize_ring(std::span<const double> ring, int height, int width) {
    const std::uint64_t pixels = pixel_count(height, width);
    const std::size_t vertices = ring.size() / 2;
    std::vector<Point> points(vertices);
    for (std::size_t i = 0; i < vertices; ++i)
        points[i] = {scaled(ring[2 * i], 2 * i), scaled(ring[2 * i + 1], 2 * i + 1)};
    Crossings crossings(height, width);
    for (std::size_t i = 0; i < vertices; ++i)
        crossings.edge(points[i], points[(i + 1) % vertices]);

    // Step 4: sorted positions are the ends of the runs; a difference of 0 joins its neighbours.
    std::vector<std::uint32_t> ends = crossings.take();
    ends.push_back(static_cast<std::uint32_t>(pixels));
    std::sort(ends.begin(), ends.end());
    Rle rle{height, width, {}};
    std::uint32_t before = ends[0];
    rle.counts.push_back(before);
    for (std::size_t i = 1; i < ends.size(); ++i) {
        const std::uint32_t length = ends[i] - before;
        before = ends[i];
        if (length > 0) {
            rle.counts.push_back(length);
        } else if (++i < ends.size()) {
            rle.counts.back() += ends[i] - before;
            before = ends[i];
        }
    }
    return rle;
}

Rle rasterize_polygons(std::span<const std::vector<double>> rings, int height, int width) {
    std::vector<Rle> parts;
    parts.reserve(rings.size());
    for (const std::vector<double>& ring : rings)
        if (ring.size() >= kMinNumbers) parts.push_back(rasterize_ring(ring, height, width));
    if (parts.empty()) return RleBuilder(height, width).finish();
    if (parts.size() == 1) return std::move(parts.front());
    return unite(parts);
}

}  // namespace embedmask
