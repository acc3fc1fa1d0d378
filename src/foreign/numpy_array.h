// Reads numpy arrays inside pickles (spec §10.3).
#pragma once

#include <optional>
#include <string>

#include "embedmask/weights.h"
#include "foreign/pickle.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {

/// The array described by value `id`, named `name`; nothing if `id` does not describe an array.
/// Error if its description, element type or number of bytes is inconsistent.
std::optional<Tensor> numpy_tensor(const pickle::Tree& tree, pickle::Id id, const std::string& name,
                                   TensorSource& source);

}  // namespace embedmask::foreign
