// How a training's checkpoint is told from a model file.
#pragma once

#include <string>

#include "tensor/safetensors.h"

namespace embedmask::detail {

/// The metadata key that every checkpoint has.
inline constexpr const char* kCheckpointKey = "embedmask.checkpoint";

/// Error when `file`, called `name`, is a checkpoint: its run's folder has models, too.
void reject_checkpoint(const Safetensors& file, const std::string& name);

}  // namespace embedmask::detail
