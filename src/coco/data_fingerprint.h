// A hash that distinguishes datasets.
#pragma once

#include <cstdint>

#include "embedmask/dataset.h"

namespace embedmask::detail {

/// Equal for equal images (id, size), category ids and annotations in the same order, whatever the
/// name and the layout of the file; different for others, except with probability 2^-64.
std::uint64_t fingerprint(const Dataset& dataset);

}  // namespace embedmask::detail
