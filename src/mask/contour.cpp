#include "mask/contour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "mask/region.h"

namespace embedmask::mask {
namespace {

// Directions on the grid of pixel corners, ordered by right turns.
enum Direction { kRight, kDown, kLeft, kUp };
constexpr std::array<int, 4> kStepX{1, 0, -1, 0};
constexpr std::array<int, 4> kStepY{0, 1, 0, -1};

class Tracer {
public:
    // The window has an empty border of one pixel, so that neighbours need no bounds checks.
    explicit Tracer(MaskRegion region)
        : region_(std::move(region)), part_(region_.bits.size(), 0), traced_(region_.bits.size()) {}

    std::vector<Polygon> run() {
        for (int y = 1; y + 1 < region_.height; ++y) {
            for (int x = 1; x + 1 < region_.width; ++x) {
                if (!is_untraced_top(x, y)) {
                    continue;
                }
                // In row order the first pixel of a part is on its outer ring; any later ring that
                // starts inside a known part is a hole.
                const bool is_hole = part_[index(x, y)] != 0;
                if (!is_hole) {
                    polygons_.emplace_back();
                    flood(x, y, static_cast<std::uint32_t>(polygons_.size()));
                }
                Polygon& polygon = polygons_[part_[index(x, y)] - 1];
                Ring ring = follow(x, y);
                if (is_hole) {
                    polygon.holes.push_back(std::move(ring));
                } else {
                    polygon.outer = std::move(ring);
                }
            }
        }
        return std::move(polygons_);
    }

private:
    [[nodiscard]] std::size_t index(int x, int y) const {
        return static_cast<std::size_t>(y) * region_.width + x;
    }
    [[nodiscard]] bool is_set(int x, int y) const { return region_.at(x, y) != 0; }
    [[nodiscard]] bool is_untraced_top(int x, int y) const {
        return is_set(x, y) && !is_set(x, y - 1) && traced_[index(x, y)] == 0;
    }

    // Marks the 4-connected component of (x, y).
    void flood(int x, int y, std::uint32_t part) {
        std::vector<std::array<int, 2>> open{{x, y}};
        part_[index(x, y)] = part;
        while (!open.empty()) {
            const auto [px, py] = open.back();
            open.pop_back();
            for (int d = 0; d < 4; ++d) {
                const int nx = px + kStepX[d];
                const int ny = py + kStepY[d];
                if (!is_set(nx, ny) || part_[index(nx, ny)] != 0) {
                    continue;
                }
                part_[index(nx, ny)] = part;
                open.push_back({nx, ny});
            }
        }
    }

    // Follows pixel edges with the mask on the right, starting at the top left corner of (x, y),
    // until it returns there and would turn right again.
    Ring follow(int x, int y) {
        const int start_x = x;
        const int start_y = y;
        Ring ring;
        int direction = kRight;
        do {
            if (direction == kRight) {
                traced_[index(x, y)] = 1;
            }
            x += kStepX[direction];
            y += kStepY[direction];
            // The two pixels ahead of corner (x, y), to the right and to the left of the path.
            const int right_x = x - (direction == kDown || direction == kLeft ? 1 : 0);
            const int right_y = y - (direction == kLeft || direction == kUp ? 1 : 0);
            const int left_x = x - (direction == kLeft || direction == kUp ? 1 : 0);
            const int left_y = y - (direction == kRight || direction == kUp ? 1 : 0);
            int turned = direction;
            if (!is_set(right_x, right_y)) {
                turned = (direction + 1) % 4;
            } else if (is_set(left_x, left_y)) {
                turned = (direction + 3) % 4;
            }
            if (turned != direction) {
                ring.push_back(
                    {static_cast<float>(region_.x + x), static_cast<float>(region_.y + y)});
            }
            direction = turned;
        } while (x != start_x || y != start_y || direction != kRight);
        return ring;
    }

    MaskRegion region_;
    std::vector<std::uint32_t> part_;
    std::vector<std::uint8_t> traced_;
    std::vector<Polygon> polygons_;
};

float squared(Point a, Point b) {
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// Squared distance of p to the segment a-b.
float distance(Point p, Point a, Point b) {
    const float length = squared(a, b);
    float t = 0;
    if (length > 0) {
        t = ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length;
        t = std::clamp(t, 0.F, 1.F);
    }
    return squared(p, {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
}

// Marks the points to keep strictly between `first` and `last`; `last` may be one past the end,
// which wraps to the first point.
void mark(const Ring& ring, std::size_t first, std::size_t last, float tolerance,
          std::vector<bool>& keep) {
    std::vector<std::array<std::size_t, 2>> open{{first, last}};
    while (!open.empty()) {
        const auto [a, b] = open.back();
        open.pop_back();
        std::size_t farthest = a;
        float most = tolerance * tolerance;
        for (std::size_t i = a + 1; i < b; ++i) {
            const float d = distance(ring[i], ring[a], ring[b % ring.size()]);
            if (d <= most) {
                continue;
            }
            most = d;
            farthest = i;
        }
        if (farthest == a) {
            continue;
        }
        keep[farthest] = true;
        open.push_back({a, farthest});
        open.push_back({farthest, b});
    }
}

std::size_t farthest_from(const Ring& ring, Point from, Point to) {
    const auto far = std::max_element(ring.begin(), ring.end(), [&](Point a, Point b) {
        return distance(a, from, to) < distance(b, from, to);
    });
    return static_cast<std::size_t>(far - ring.begin());
}

}  // namespace

std::vector<Polygon> trace(const Rle& mask) {
    MaskRegion region = mask_region(mask, 1);
    if (region.empty()) {
        return {};
    }
    return Tracer(std::move(region)).run();
}

Ring simplify(const Ring& ring, float tolerance) {
    if (tolerance <= 0 || ring.size() <= 3) {
        return ring;
    }
    // Always keeps two distant points and the one farthest from their line.
    const std::size_t second = farthest_from(ring, ring[0], ring[0]);
    std::vector<bool> keep(ring.size(), false);
    keep[0] = keep[second] = keep[farthest_from(ring, ring[0], ring[second])] = true;
    std::vector<std::size_t> fixed;
    for (std::size_t i = 0; i < ring.size(); ++i) {
        if (keep[i]) {
            fixed.push_back(i);
        }
    }
    fixed.push_back(ring.size());
    for (std::size_t i = 0; i + 1 < fixed.size(); ++i) {
        mark(ring, fixed[i], fixed[i + 1], tolerance, keep);
    }
    Ring result;
    for (std::size_t i = 0; i < ring.size(); ++i) {
        if (keep[i]) {
            result.push_back(ring[i]);
        }
    }
    return result;
}

}  // namespace embedmask::mask
