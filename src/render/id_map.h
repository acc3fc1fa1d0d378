// Which instance owns each pixel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "embedmask/image.h"
#include "render/instance.h"

namespace embedmask::render {

/// One value per pixel in row order: 0 for background, i + 1 for instance i. Where masks overlap
/// the higher score wins, of equal scores the earlier instance. Write it with `write_png`.
/// Error when a mask has another size or there are more than 65,535 instances.
std::vector<std::uint16_t> id_map(ImageSize size, std::span<const DrawnInstance> instances);

}  // namespace embedmask::render
