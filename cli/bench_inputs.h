// Synthetic inputs for `embedmask bench` when no trained network or image is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "embedmask/predictor.h"
#include "mask/coupling.h"

namespace embedmask::cli {

/// Returns the same numbers on every call.
std::vector<float> normal_values(std::size_t count, float mean, float deviation);

/// A camera-like 640x480 JPEG file: smooth, with some detail.
std::vector<std::uint8_t> synthetic_image();

/// A randomly placed object, in network input and in image coordinates.
struct SyntheticObject {
    Box box;              ///< in pixels of the network input, inside the content
    Detection detection;  ///< its box in pixels of the image; no mask
};

/// The same objects on every call.
std::vector<SyntheticObject> synthetic_objects(const mask::Geometry& geometry, std::size_t count);

}  // namespace embedmask::cli
