// One instance as input of the drawing functions: plain views that own nothing.
#pragma once

#include <cstdint>
#include <string>

#include "embedmask/box.h"
#include "embedmask/rle.h"
#include "render/color.h"

namespace embedmask::render {

struct DrawnInstance {
    /// The mask, of the image's size; not null.
    const Rle* mask = nullptr;
    /// x1, y1, x2, y2 in pixels of the image.
    Box box;
    /// Category name.
    std::string label;
    float score = 0;
    int category_index = 0;
    Color color;
};

}  // namespace embedmask::render
