#include "render/yolo.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "mask/contour.h"
#include "render/drawing_order.h"

namespace embedmask::render {
namespace {

struct Cut {
    std::size_t from = 0;
    std::size_t to = 0;
};

Cut nearest_points(const Ring& a, const Ring& b) {
    Cut best;
    float least = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < b.size(); ++j) {
            const float dx = a[i].x - b[j].x;
            const float dy = a[i].y - b[j].y;
            if (dx * dx + dy * dy >= least) continue;
            least = dx * dx + dy * dy;
            best = {i, j};
        }
    }
    return best;
}

// Walks to the other ring, once around it, and back: ... from | to ... to | from ...
void join(Ring& ring, const Ring& other) {
    const auto [from, to] = nearest_points(ring, other);
    Ring detour(other.begin() + static_cast<std::ptrdiff_t>(to), other.end());
    detour.insert(detour.end(), other.begin(), other.begin() + static_cast<std::ptrdiff_t>(to) + 1);
    detour.push_back(ring[from]);
    ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(from) + 1, detour.begin(), detour.end());
}

}  // namespace

std::string yolo_text(ImageSize size, std::span<const DrawnInstance> instances, float tolerance) {
    check_masks(size, instances);
    std::string text;
    for (const DrawnInstance& instance : instances) {
        Ring ring;
        for (const Polygon& polygon : trace(*instance.mask)) {
            const Ring part = simplify(polygon.outer, tolerance);
            if (ring.empty()) {
                ring = part;
            } else {
                join(ring, part);
            }
        }
        if (ring.empty()) continue;
        fmt::format_to(std::back_inserter(text), "{}", instance.category_index);
        for (const Point point : ring) {
            fmt::format_to(std::back_inserter(text), " {:.6f} {:.6f}",
                           point.x / static_cast<float>(size.width),
                           point.y / static_cast<float>(size.height));
        }
        text += '\n';
    }
    return text;
}

}  // namespace embedmask::render
