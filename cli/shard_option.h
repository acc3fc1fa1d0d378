// Which part of its photos a command works on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image_files.h"

namespace embedmask::cli {

/// One part of a job that several processes share.
struct Shard {
    std::int64_t index = 0;
    std::int64_t count = 1;
};

/// "i/n" with 0 <= i < n, or "auto": what a Slurm array, a Kubernetes indexed job or torchrun set
/// in the environment (docs/many-machines.md).
Shard parse_shard(const std::string& text);

/// Every count-th photo beginning with the index-th.
std::vector<data::ImageFile> select_shard(const std::vector<data::ImageFile>& photos,
                                          const Shard& shard);

}  // namespace embedmask::cli
