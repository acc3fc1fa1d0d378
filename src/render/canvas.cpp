#include "render/canvas.h"

#include <algorithm>
#include <cmath>

#include "render/font.h"

namespace embedmask::render {
namespace {

struct Bounds {
    int x0, y0, x1, y1;
};

// The pixels inside the image that `area` touches.
Bounds pixels_of(const Rectangle& area, ImageSize size) {
    const auto clip = [](float v, int most) {
        // Written so that NaN becomes 0.
        return v > 0 ? static_cast<int>(std::min(v, static_cast<float>(most))) : 0;
    };
    return {clip(std::floor(area.x), size.width), clip(std::floor(area.y), size.height),
            clip(std::ceil(area.x + area.width), size.width),
            clip(std::ceil(area.y + area.height), size.height)};
}

// Coverage of the pixel with centre (px,py) by a rounded rectangle, from its signed distance.
float coverage(const Rectangle& area, float radius, float px, float py) {
    const float half_width = area.width / 2;
    const float half_height = area.height / 2;
    const float round = std::min({radius, half_width, half_height});
    const float dx = std::abs(px - area.x - half_width) - half_width + round;
    const float dy = std::abs(py - area.y - half_height) - half_height + round;
    const float outside = std::hypot(std::max(dx, 0.F), std::max(dy, 0.F));
    const float distance = outside + std::min(std::max(dx, dy), 0.F) - round;
    return std::clamp(0.5F - distance, 0.F, 1.F);
}

// Ink at a position in dots of the cell: samples the bitmap bilinearly, with a steep slope around
// one half, which rounds corners and smooths diagonals at any size.
float ink(char character, float column, float row, float dots_per_pixel) {
    const float x = column - 0.5F;
    const float y = row - 0.5F;
    const int x0 = static_cast<int>(std::floor(x));
    const int y0 = static_cast<int>(std::floor(y));
    const float fx = x - static_cast<float>(x0);
    const float fy = y - static_cast<float>(y0);
    const auto at = [&](int dx, int dy) {
        return font::dot(character, x0 + dx, y0 + dy) ? 1.F : 0.F;
    };
    const float value = (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) +
                        (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy;
    return std::clamp((value - 0.45F) / std::max(dots_per_pixel, 0.05F) + 0.5F, 0.F, 1.F);
}

}  // namespace

bool overlap(const Rectangle& a, const Rectangle& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

void Canvas::blend(int x, int y, Color color, float opacity) {
    if (x < 0 || y < 0 || x >= image_.size.width || y >= image_.size.height) {
        return;
    }
    std::uint8_t* pixel =
        image_.rgb.data() + 3 * (static_cast<std::size_t>(y) * image_.size.width + x);
    const float share = opacity > 0 ? std::min(opacity, 1.F) : 0.F;
    const int weight = static_cast<int>(share * 256.F);
    const auto mix = [weight](std::uint8_t below, std::uint8_t above) {
        return static_cast<std::uint8_t>((below * (256 - weight) + above * weight + 128) >> 8);
    };
    pixel[0] = mix(pixel[0], color.r);
    pixel[1] = mix(pixel[1], color.g);
    pixel[2] = mix(pixel[2], color.b);
}

void Canvas::fill(const Rectangle& area, float radius, Color color, float opacity) {
    const Bounds bounds = pixels_of(area, image_.size);
    for (int y = bounds.y0; y < bounds.y1; ++y) {
        for (int x = bounds.x0; x < bounds.x1; ++x) {
            const float covered =
                coverage(area, radius, static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F);
            if (covered > 0) {
                blend(x, y, color, covered * opacity);
            }
        }
    }
}

void Canvas::frame(const Rectangle& area, float line, Color color, float opacity) {
    const float inner = std::max(area.height - 2 * line, 0.F);
    fill({area.x, area.y, area.width, line}, 0, color, opacity);
    fill({area.x, area.y + area.height - line, area.width, line}, 0, color, opacity);
    fill({area.x, area.y + line, line, inner}, 0, color, opacity);
    fill({area.x + area.width - line, area.y + line, line, inner}, 0, color, opacity);
}

void Canvas::text(float x, float y, float height, std::string_view characters, Color color) {
    const float dots_per_pixel = font::kHeight / height;
    for (const char character : characters) {
        const Rectangle cell{x, y, font::kAdvance / dots_per_pixel,
                             (font::kHeight + font::kDescent) / dots_per_pixel};
        const Bounds bounds =
            pixels_of({cell.x - 1, cell.y - 1, cell.width + 1, cell.height + 2}, image_.size);
        for (int py = bounds.y0; py < bounds.y1; ++py) {
            for (int px = bounds.x0; px < bounds.x1; ++px) {
                const float column = (static_cast<float>(px) + 0.5F - x) * dots_per_pixel;
                const float row = (static_cast<float>(py) + 0.5F - y) * dots_per_pixel;
                const float covered = ink(character, column, row, dots_per_pixel);
                if (covered > 0) {
                    blend(px, py, color, covered);
                }
            }
        }
        x += cell.width;
    }
}

float text_width(std::string_view characters, float height) {
    if (characters.empty()) {
        return 0;
    }
    const auto dots = static_cast<float>(characters.size() * font::kAdvance - 1);
    return dots * height / font::kHeight;
}

float text_height_for(ImageSize size) {
    const auto shorter = static_cast<float>(std::min(size.width, size.height));
    return std::clamp(std::round(shorter * 0.022F), 9.F, 90.F);
}

}  // namespace embedmask::render
