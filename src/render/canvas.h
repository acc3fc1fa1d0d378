// Draws on an image: blended pixels, rounded plates, frames, text.
#pragma once

#include <string_view>

#include "embedmask/image.h"
#include "render/color.h"

namespace embedmask::render {

/// A rectangle in (fractional) pixels.
struct Rectangle {
    float x = 0;
    float y = 0;
    float width = 0;
    float height = 0;
};

/// Whether the two share any area.
bool overlap(const Rectangle& a, const Rectangle& b);

/// Draws on an image that it does not own, clipped to the image.
class Canvas {
public:
    explicit Canvas(Image& image) : image_(image) {}

    [[nodiscard]] ImageSize size() const { return image_.size; }

    /// Blends `color` into one pixel; `opacity` 0..1. No effect outside the image.
    void blend(int x, int y, Color color, float opacity);
    /// A filled rectangle with rounded, anti-aliased corners.
    void fill(const Rectangle& area, float radius, Color color, float opacity);
    /// A frame of `line` pixels along the inside of `area`.
    void frame(const Rectangle& area, float line, Color color, float opacity);
    /// Text with capitals `height` pixels high and the top left corner at (x, y).
    void text(float x, float y, float height, std::string_view characters, Color color);

private:
    Image& image_;
};

/// Width of a text in pixels for capitals of `height` pixels.
float text_width(std::string_view characters, float height);

/// Legible height of capitals for an image of this size.
float text_height_for(ImageSize size);

}  // namespace embedmask::render
