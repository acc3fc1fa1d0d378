#include "data/formats/yolo.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>

#include "base/lines.h"
#include "base/paths.h"
#include "data/formats/dataset_builder.h"
#include "embedmask/error.h"
#include "mask/contour.h"
#include "mask/id_map.h"

namespace embedmask::data {
namespace {

namespace fs = std::filesystem;

constexpr double kRounding = 1e-3;  // YOLO tools write coordinates up to this far outside the image

constexpr double kLargestClass = 1e9;  // no list is that long

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
            if (dx * dx + dy * dy >= least) {
                continue;
            }
            least = dx * dx + dy * dy;
            best = {i, j};
        }
    }
    return best;
}

// Goes to the other ring, once around it, and back: ... from | to ... to | from ...
void join(mask::Ring& ring, const mask::Ring& other) {
    const auto [from, to] = nearest_points(ring, other);
    mask::Ring detour(other.begin() + static_cast<std::ptrdiff_t>(to), other.end());
    detour.insert(detour.end(), other.begin(), other.begin() + static_cast<std::ptrdiff_t>(to) + 1);
    detour.push_back(ring[from]);
    ring.insert(ring.begin() + static_cast<std::ptrdiff_t>(from) + 1, detour.begin(), detour.end());
}

/// The words of one line as numbers. Error for a word that is not a number.
std::vector<double> numbers(const std::string& line, const std::string& owner) {
    std::vector<double> values;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
        double value = 0;
        const char* end = word.data() + word.size();
        const auto parsed = std::from_chars(word.data(), end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            throw Error(fmt::format("{}: found \"{}\": expected a number", owner, word));
        }
        values.push_back(value);
    }
    return values;
}

/// The class and ring of one line, with the ring in pixels.
struct YoloObject {
    std::int64_t index = 0;
    std::vector<double> ring;
};

YoloObject yolo_object(const std::vector<double>& values, ImageSize size,
                       const std::string& owner) {
    YoloObject object;
    if (!(std::abs(values[0]) <= kLargestClass) || std::trunc(values[0]) != values[0]) {
        throw Error(fmt::format("{}: found {}: expected a class index first", owner, values[0]));
    }
    object.index = static_cast<std::int64_t>(values[0]);
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (!(values[i] >= -kRounding && values[i] <= 1 + kRounding)) {
            throw Error(
                fmt::format("{}: found {}: expected coordinates from 0 to 1", owner, values[i]));
        }
        object.ring.push_back(values[i] * (i % 2 == 1 ? size.width : size.height));
    }
    if (object.ring.size() < 6 || object.ring.size() % 2 != 0) {
        throw Error(
            fmt::format("{}: found {} numbers after the class: expected x y pairs, at least three",
                        owner, object.ring.size()));
    }
    return object;
}

}  // namespace

std::string yolo_text(ImageSize size, std::span<const LabeledObject> objects, float tolerance) {
    mask::require_size(size, mask::scored_masks(objects));
    std::string text;
    for (const LabeledObject& object : objects) {
        mask::Ring ring;
        for (const mask::Polygon& polygon : mask::trace(*object.mask)) {
            const mask::Ring part = mask::simplify(polygon.outer, tolerance);
            if (ring.empty()) {
                ring = part;
            } else {
                join(ring, part);
            }
        }
        if (ring.empty()) {
            continue;
        }
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

void read_yolo(DatasetBuilder& builder) {
    const auto files = builder.label_files(builder.folder(), ".txt");
    builder.read_files(files, [&](const fs::path& path) {
        const LabeledFrame& image =
            builder.images().named(detail::portable_stem(path.string()), path.string());
        for (const detail::Line& line : detail::lines_of(detail::read_text(path))) {
            const std::string owner = fmt::format("{}, line {}", path.string(), line.number);
            const YoloObject object = yolo_object(numbers(line.text, owner), image.size, owner);
            builder.add_polygons(image, {builder.category_at(object.index, owner)}, {object.ring},
                                 owner);
        }
    });
}

}  // namespace embedmask::data
