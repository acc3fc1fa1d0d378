// What the drawing functions need to know about one instance: plain views, nothing is owned.
#pragma once

#include <cstdint>
#include <string>

#include "embedmask/box.h"
#include "embedmask/rle.h"
#include "render/colour.h"

namespace embedmask::render {

struct DrawnInstance {
    /// The mask, of the picture's size; not null.
    const Rle* mask = nullptr;
    /// x1, y1, x2, y2 in pixels of the picture.
    Box box;
    /// Category name.
    std::string label;
    float score = 0;
    int category_index = 0;
    Colour colour;
};

}  // namespace embedmask::render
