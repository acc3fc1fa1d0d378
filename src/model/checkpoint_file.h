// Distinguishes training checkpoints from model files.
#pragma once

#include <string>

#include "tensor/safetensors.h"

namespace embedmask::detail {

/// The metadata key present in every checkpoint.
inline constexpr const char* kCheckpointKey = "embedmask.checkpoint";

/// Error if `file`, named `name`, is a checkpoint; the folder of its run also contains models.
void reject_checkpoint(const Safetensors& file, const std::string& name);

}  // namespace embedmask::detail
