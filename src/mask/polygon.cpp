// The COCO rasteriser, with the steps numbered as in spec §2.7. Compiled without FMA contraction: a
// single chain point rounded differently would move a pixel.
#include "embedmask/polygon.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "embedmask/error.h"
#include "mask/rle_size.h"

namespace embedmask {

namespace {

constexpr int kScale = 5;                          // chain points per pixel
constexpr int kCenter = 2;                         // of the 5, the one in the middle of a pixel
constexpr double kMaxCoordinate = 1 << 20;         // pixels
constexpr std::size_t kMaxCrossings = 1ULL << 26;  // crossings of the outline with pixel columns
constexpr std::size_t kMinNumbers = 6;             // three vertices

struct Point {
    int x = 0;
    int y = 0;
};

int scaled(double coordinate, std::size_t index) {
    if (!(std::abs(coordinate) <= kMaxCoordinate)) {
        throw Error(
            fmt::format("polygon, number {}: found the coordinate {}: expected a number "
                        "within +-{:.0f} pixels",
                        index, coordinate, kMaxCoordinate));
    }
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): truncation is pycocotools' rule.
    return static_cast<int>(kScale * coordinate + .5);
}

/// The steps of the chain of step 2 from one pixel column to the next (step 3), as positions in the
/// column-major scan. The chain itself is never built: its points next to a step follow from the
/// same formula, including rounding. Positions may be in any order, since they are sorted later.
/// Steps between the last point of an edge and the first of the next have negative x and never
/// count.
class Crossings {
public:
    Crossings(int height, int width) : height_(height), width_(width) {}

    void edge(Point from, Point to) {
        const int dx = std::abs(to.x - from.x);
        const int dy = std::abs(to.y - from.y);
        if (dx == 0) {
            return;  // never leaves its column
        }
        if (dx >= dy) {
            if (from.x > to.x) {
                std::swap(from, to);
            }
            along_x(from, to, static_cast<double>(to.y - from.y) / dx);
        } else {
            if (from.y > to.y) {
                std::swap(from, to);
            }
            along_y(from, to, static_cast<double>(to.x - from.x) / dy);
        }
    }

    /// Sorts by column first, since there are few columns, then within each.
    [[nodiscard]] std::vector<std::uint32_t> sorted() const {
        std::vector<std::uint32_t> begin(static_cast<std::size_t>(width_) + 1, 0);
        for (const Crossing& crossing : crossings_) {
            ++begin[crossing.column + 1];
        }
        std::partial_sum(begin.begin(), begin.end(), begin.begin());
        std::vector<std::uint32_t> positions(crossings_.size());
        std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
        for (const Crossing& crossing : crossings_) {
            positions[next[crossing.column]++] =
                crossing.column * static_cast<std::uint32_t>(height_) + crossing.y;
        }
        for (std::size_t column = 0; column + 1 < begin.size(); ++column) {
            if (begin[column + 1] - begin[column] > 1) {
                std::sort(positions.begin() + begin[column], positions.begin() + begin[column + 1]);
            }
        }
        return positions;
    }

private:
    struct Crossing {
        std::uint32_t column = 0;
        std::uint32_t y = 0;
    };

    /// Columns whose middle is between two neighbouring points with x in [low, high].
    template <class Visit>
    void columns(int low, int high, const Visit& visit) const {
        const int first = low <= kCenter ? 0 : (low - kCenter + kScale - 1) / kScale;
        for (int column = first; column < width_; ++column) {
            const int left = column * kScale + kCenter;  // the step goes from left to left + 1
            if (left >= high) {
                return;
            }
            visit(column, left);
        }
    }

    void along_x(Point from, Point to, double slope) {
        const auto y = [&](int x) {
            // NOLINTNEXTLINE(bugprone-incorrect-roundings): truncation is pycocotools' rule.
            return static_cast<int>(from.y + slope * (x - from.x) + .5);
        };
        columns(from.x, to.x,
                [&](int column, int left) { add(column, std::min(y(left), y(left + 1))); });
    }

    void along_y(Point from, Point to, double slope) {
        const int length = to.y - from.y;
        // x after t steps, before truncation to an integer; monotone in t, even after rounding.
        const auto x = [&](int t) { return from.x + slope * t + .5; };
        const auto beyond = [&](int t, int left) {
            return slope > 0 ? x(t) >= left + 1 : x(t) < left + 1;
        };
        columns(std::min(from.x, to.x), std::max(from.x, to.x), [&](int column, int left) {
            // The first t on the other side: estimated, then corrected with the formula itself.
            const double estimate = std::ceil((left + .5 - from.x) / slope);
            int t = static_cast<int>(std::clamp(estimate, 0.0, static_cast<double>(length)));
            while (t > 0 && beyond(t - 1, left)) {
                --t;
            }
            while (t <= length && !beyond(t, left)) {
                ++t;
            }
            if (t > 0 && t <= length) {
                add(column, from.y + t - 1);
            }
        });
    }

    void add(int column, int chain_y) {
        if (crossings_.size() == kMaxCrossings) {
            throw Error(fmt::format("polygon: the outline crosses more than {} pixel columns",
                                    kMaxCrossings));
        }
        double y = (chain_y + .5) / kScale - .5;
        y = std::ceil(std::clamp(y, 0.0, static_cast<double>(height_)));
        crossings_.push_back({static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(y)});
    }

    int height_;
    int width_;
    std::vector<Crossing> crossings_;
};

}  // namespace

Rle rasterize_ring(std::span<const double> ring, int height, int width) {
    const std::uint64_t pixels = mask::pixel_count(height, width);
    const std::size_t vertices = ring.size() / 2;
    std::vector<Point> points(vertices);
    for (std::size_t i = 0; i < vertices; ++i) {
        points[i] = {scaled(ring[2 * i], 2 * i), scaled(ring[2 * i + 1], 2 * i + 1)};
    }
    Crossings crossings(height, width);
    for (std::size_t i = 0; i < vertices; ++i) {
        crossings.edge(points[i], points[(i + 1) % vertices]);
    }

    // Step 4: the sorted positions are the ends of the runs; a difference of 0 joins its
    // neighbours.
    std::vector<std::uint32_t> ends = crossings.sorted();
    ends.push_back(static_cast<std::uint32_t>(pixels));
    Rle rle{height, width, {}};
    std::uint32_t before = ends[0];
    rle.counts.reserve(ends.size());
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
    for (const std::vector<double>& ring : rings) {
        if (ring.size() >= kMinNumbers) {
            parts.push_back(rasterize_ring(ring, height, width));
        }
    }
    if (parts.empty()) {
        return RleBuilder(height, width).finish();
    }
    if (parts.size() == 1) {
        return std::move(parts.front());
    }
    return unite(parts);
}

}  // namespace embedmask
