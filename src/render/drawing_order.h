// Who lies on top.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "embedmask/image.h"
#include "render/instance.h"

namespace embedmask::render {

/// Indices of the instances from the bottom to the top: ascending score, of equal scores the first
/// instance lies on top.
std::vector<std::size_t> drawing_order(std::span<const DrawnInstance> instances);

/// Error unless every mask has the size of the picture.
void check_masks(ImageSize size, std::span<const DrawnInstance> instances);

}  // namespace embedmask::render
