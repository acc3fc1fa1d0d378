// --shard: which part of its images a command works on.
#pragma once

#include <string>

#include "scoring/shard.h"

namespace embedmask::cli {

/// "i/n" with 0 <= i < n, or "auto": what a Slurm array, a Kubernetes indexed job or torchrun set
/// in the environment (docs/many-machines.md).
scoring::Shard parse_shard(const std::string& text);

}  // namespace embedmask::cli
