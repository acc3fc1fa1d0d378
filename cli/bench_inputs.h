// What `embedmask bench` works on where it has no trained network and no image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "embedmask/predictor.h"
#include "mask/coupling.h"

namespace embedmask::cli {

/// The same numbers on every call.
std::vector<float> normal_values(std::size_t count, float mean, float deviation);

/// A JPEG file of 640x480 as a camera would store it: smooth, with some detail.
std::vector<std::uint8_t> synthetic_image();

/// An object at a random place, as the network and as the user see it.
struct SyntheticObject {
    Box box;              ///< in pixels of the network input, inside the content
    Detection detection;  ///< its box in pixels of the image; no mask
};

/// The same objects on every call.
std::vector<SyntheticObject> synthetic_objects(const mask::Geometry& geometry, std::size_t count);

}  // namespace embedmask::cli
