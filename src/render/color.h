// Colours and their assignment to instances.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace embedmask::render {

struct Color {
    std::uint8_t r = 0;
    std::uint8_t g = 0;
    std::uint8_t b = 0;

    bool operator==(const Color&) const = default;
};

/// Entry `index` of an infinite palette of vivid colours whose neighbours differ clearly.
Color palette_color(int index);

/// One colour per instance. With two or more categories, every instance has the colour of its
/// category (the same in every image). With one category, that would be uninformative, so instances
/// take palette colours in turn.
std::vector<Color> choose_colors(std::span<const int> category_indices);

/// Black or white, whichever stands out more on `background` (WCAG contrast ratio).
Color contrasting_color(Color background);

/// Colour of a probability: from dark blue at 0, through purple and orange, to pale yellow at 1;
/// values outside [0,1] and NaN are clamped. Brightness increases monotonically, so it also works
/// in greyscale.
Color heat_color(float probability);

}  // namespace embedmask::render
