// numpy arrays inside pickles (spec §10.3).
#pragma once

#include <optional>
#include <string>

#include "embedmask/weights.h"
#include "foreign/pickle.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {

/// The array that value `id` describes, called `name`; nothing when it describes no array. Error
/// when its description, element type or number of bytes does not fit.
std::optional<Tensor> numpy_tensor(const pickle::Tree& tree, pickle::Id id, const std::string& name,
                                   TensorSource& source);

}  // namespace embedmask::foreign
