// labelme annotation files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "embedmask/image.h"
#include "render/instance.h"

namespace embedmask::render {

/// The text of a labelme JSON file (format 5) for the picture called `image_path`. Each part of a
/// mask is one polygon; the parts of one instance share a `group_id`; the score stands in
/// `description`. Outlines are simplified within `tolerance` pixels (0: exact pixel edges). labelme
/// polygons have no holes: holes are filled. Error when a mask has another size.
std::string labelme_text(std::string_view image_path, ImageSize size,
                         std::span<const DrawnInstance> instances, float tolerance = 1.F);

}  // namespace embedmask::render
