#include "render/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "mask/id_map.h"
#include "mask/region.h"
#include "render/canvas.h"

namespace embedmask::render {
namespace {

// Sum over a window of 2 * radius + 1 along lines of `count` values, `step` apart.
void box_sum(std::vector<std::uint16_t>& values, std::size_t start, int count, std::size_t step,
             int radius, std::vector<std::uint16_t>& line) {
    for (int i = 0; i < count; ++i) {
        line[i] = values[start + i * step];
    }
    std::uint32_t sum = 0;
    for (int i = 0; i < std::min(radius, count); ++i) {
        sum += line[i];
    }
    for (int i = 0; i < count; ++i) {
        if (i + radius < count) {
            sum += line[i + radius];
        }
        if (i - radius - 1 >= 0) {
            sum -= line[i - radius - 1];
        }
        values[start + i * step] = static_cast<std::uint16_t>(sum);
    }
}

// Number of mask pixels in the square around each pixel, i.e. their share times (2 * radius + 1)^2.
// A share of one half is the edge of the mask, smoothed over the pixel staircase.
std::vector<std::uint16_t> smoothed(const mask::MaskRegion& region, int radius) {
    std::vector<std::uint16_t> values(region.bits.begin(), region.bits.end());
    std::vector<std::uint16_t> line(std::max(region.width, region.height));
    for (int y = 0; y < region.height; ++y) {
        box_sum(values, static_cast<std::size_t>(y) * region.width, region.width, 1, radius, line);
    }
    for (int x = 0; x < region.width; ++x) {
        box_sum(values, x, region.height, region.width, radius, line);
    }
    return values;
}

Color towards_white(Color color, float share) {
    const auto mix = [share](std::uint8_t v) {
        return static_cast<std::uint8_t>(static_cast<float>(v) +
                                         share * static_cast<float>(255 - v));
    };
    return {mix(color.r), mix(color.g), mix(color.b)};
}

void draw_mask(Canvas& canvas, const DrawnInstance& instance, int radius,
               const OverlayOptions& options) {
    const mask::MaskRegion region = mask::mask_region(*instance.mask, radius + 1);
    if (region.empty()) {
        return;
    }
    const std::vector<std::uint16_t> blurred = smoothed(region, radius);
    const float whole = static_cast<float>((2 * radius + 1) * (2 * radius + 1));
    const Color line = towards_white(instance.color, 0.25F);
    for (int y = 0; y < region.height; ++y) {
        for (int x = 0; x < region.width; ++x) {
            const std::size_t i = static_cast<std::size_t>(y) * region.width + x;
            if (blurred[i] == 0) {
                continue;
            }
            const float inside = static_cast<float>(blurred[i]) / whole;
            if (region.bits[i] != 0) {
                canvas.blend(region.x + x, region.y + y, instance.color, options.fill_opacity);
            }
            if (!options.contours) {
                continue;
            }
            const float edge = 1.F - std::abs(2.F * inside - 1.F);
            if (edge > 0.2F) {
                canvas.blend(region.x + x, region.y + y, line, std::min(1.F, 1.7F * (edge - 0.2F)));
            }
        }
    }
}

struct Plate {
    Rectangle area;
    float text_height;
    std::string text;
};

// Scores are truncated, not rounded, to two places: 0.997 must not look like certainty.
std::string label_text(const DrawnInstance& instance, bool with_score) {
    if (!with_score) {
        return instance.label;
    }
    const float score = std::clamp(instance.score, 0.F, 1.F);
    return fmt::format("{} {:.2f}", instance.label, std::floor(score * 100.F + 1e-3F) / 100.F);
}

// Places the plate at the first position around the box where it is inside the image and does not
// cover another plate; if there is none, at the first position, moved inside.
Rectangle place(const Box& box, float width, float height, ImageSize size,
                const std::vector<Plate>& taken) {
    const auto right = std::max(static_cast<float>(size.width) - width, 0.F);
    const auto bottom = std::max(static_cast<float>(size.height) - height, 0.F);
    const auto inside = [&](float x, float y) {
        return Rectangle{std::round(std::clamp(x, 0.F, right)),
                         std::round(std::clamp(y, 0.F, bottom)), width, height};
    };
    const auto [x1, y1, x2, y2] = box;
    const float center = (x1 + x2 - width) / 2;
    std::vector<Rectangle> places{
        inside(center, y1 - height), inside(x1, y1 - height), inside(x2 - width, y1 - height),
        inside(center, y1),          inside(center, y2),      inside(x1, y1),
        inside(x2 - width, y1)};
    for (int step = 1; step <= 12; ++step) {
        const auto offset = static_cast<float>(step);
        places.push_back(inside(center, y1 - (offset + 1) * height));
        places.push_back(inside(center, y1 + offset * height));
    }
    for (const Rectangle& candidate : places) {
        const bool free = std::none_of(taken.begin(), taken.end(), [&](const Plate& plate) {
            return overlap(plate.area, candidate);
        });
        if (free) {
            return candidate;
        }
    }
    return places.front();
}

Plate make_plate(const DrawnInstance& instance, bool with_score, ImageSize size,
                 const std::vector<Plate>& taken) {
    Plate plate{{}, text_height_for(size), label_text(instance, with_score)};
    // A long name on a small image uses smaller text, down to the limit of legibility.
    const float room = static_cast<float>(size.width) / (text_width(plate.text, 1) + 1.2F);
    plate.text_height = std::max(std::min(plate.text_height, room), 5.F);
    const float width =
        std::round(text_width(plate.text, plate.text_height) + 1.1F * plate.text_height);
    const float height = std::round(1.75F * plate.text_height);
    plate.area = place(instance.box, width, height, size, taken);
    return plate;
}

void draw_plate(Canvas& canvas, const Plate& plate, Color color) {
    const float unit = plate.text_height;
    canvas.fill(plate.area, 0.3F * unit, color, 0.92F);
    canvas.text(plate.area.x + std::round(0.55F * unit), plate.area.y + std::round(0.36F * unit),
                unit, plate.text, contrasting_color(color));
}

}  // namespace

Image overlay(Image image, std::span<const DrawnInstance> instances,
              const OverlayOptions& options) {
    const auto masks = mask::scored_masks(instances);
    mask::require_size(image.size, masks);
    Canvas canvas(image);
    const auto order = mask::stacking_order(masks);
    const int shorter = std::min(image.size.width, image.size.height);
    const int radius = std::clamp(shorter / 400, 1, 12);
    for (const std::size_t i : order) {
        draw_mask(canvas, instances[i], radius, options);
    }
    if (options.boxes) {
        for (const std::size_t i : order) {
            const auto [x1, y1, x2, y2] = instances[i].box;
            canvas.frame({x1, y1, x2 - x1, y2 - y1}, static_cast<float>(radius), instances[i].color,
                         0.8F);
        }
    }
    if (!options.labels) {
        return image;
    }
    // The best instances are placed first, and are on top if there is not enough room for all.
    std::vector<Plate> plates;
    for (auto i = order.rbegin(); i != order.rend(); ++i) {
        plates.push_back(make_plate(instances[*i], options.scores, image.size, plates));
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
        draw_plate(canvas, plates[order.size() - 1 - i], instances[order[i]].color);
    }
    return image;
}

}  // namespace embedmask::render
