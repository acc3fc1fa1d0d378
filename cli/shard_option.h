// --shard: the part of the images that a command processes.
#pragma once

#include <string>

#include "scoring/shard.h"

namespace embedmask::cli {

/// "i/n" with 0 <= i < n, or "auto": the values that a Slurm array, a Kubernetes indexed job or
/// torchrun sets in the environment (docs/many-machines.md).
scoring::Shard parse_shard(const std::string& text);

}  // namespace embedmask::cli
