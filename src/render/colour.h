// Colours and how instances get theirs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace embedmask::render {

struct Colour {
    std::uint8_t r = 0;
    std::uint8_t g = 0;
    std::uint8_t b = 0;

    bool operator==(const Colour&) const = default;
};

/// Entry `index` of an endless list of vivid colours whose neighbours differ clearly.
Colour palette_colour(int index);

/// One colour per instance. With two or more categories every instance has the colour of its
/// category (the same in every picture); with one category that would tell nothing, so the
/// instances take palette colours in turn.
std::vector<Colour> choose_colours(std::span<const int> category_indices);

/// Black or white, whichever stands out more on `background` (WCAG contrast ratio).
Colour readable_on(Colour background);

/// Colour of a probability: dark blue at 0, over purple and orange, to pale yellow at 1; values
/// outside [0,1] and NaN are clamped. Brightness rises all the way, so it also works in grey.
Colour heat_colour(float probability);

}  // namespace embedmask::render
