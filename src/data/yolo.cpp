#include "data/yolo.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "mask/contour.h"
#include "mask/id_map.h"

namespace embedmask::data {
namespace {

struct Cut {
    std::size_t from = 0;
    std::size_t to = 0;
};

Cut nearest_points(const mask::Ring& a, const mask::Ring& b) {
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
void join(mask::Ring& ring, const mask::Ring& other) {
    const auto [from, to] = nearest_points(ring, other);
    mask::Ring detour(other.begin() + static_cast<std::ptrdiff_t>(to), other.end());
    detour.insert(detour.end(), other.begin(), other.begin() + static_cast<std::ptrdiff_t>(to) + 1);
    detour.push_back(ring[from]);
    ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(from) + 1, detour.begin(), detour.end());
}

}  // namespace

std::string yolo_text(ImageSize size, std::span<const LabelledMask> objects, float tolerance) {
    mask::require_size(size, mask::scored_masks(objects));
    std::string text;
    for (const LabelledMask& object : objects) {
        mask::Ring ring;
        for (const mask::Polygon& polygon : mask::trace(*object.mask)) {
            const mask::Ring part = mask::simplify(polygon.outer, tolerance);
            if (ring.empty()) {
                ring = part;
            } else {
                join(ring, part);
            }
        }
        if (ring.empty()) continue;
        fmt::format_to(std::back_inserter(text), "{}", object.category_index);
        for (const mask::Point point : ring) {
            fmt::format_to(std::back_inserter(text), " {:.6f} {:.6f}",
                           point.x / static_cast<float>(size.width),
                           point.y / static_cast<float>(size.height));
        }
        text += '\n';
    }
    return text;
}

}  // namespace embedmask::data
