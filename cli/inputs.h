// Which photos a command works on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::cli {

struct InputPhoto {
    std::filesystem::path path;
    std::int64_t image_id = 0;
    std::optional<ImageSize> expected_size;  ///< of the annotation file's record
};

/// Files, folders (their JPEG and PNG files, by name), globs, @list (a file with one path a line),
/// or
/// - (paths on standard input). The image id is the number in a file name that is one
/// ("000000000139.jpg" → 139), else counts from 1. Error when nothing is found.
std::vector<InputPhoto> find_photos(const std::vector<std::string>& inputs);

/// The images of a COCO annotation file in its order, with its ids and sizes.
std::vector<InputPhoto> annotated_photos(const std::filesystem::path& annotations,
                                         const std::filesystem::path& images);

/// One part of a job that several processes share.
struct Shard {
    std::int64_t index = 0;
    std::int64_t count = 1;
};

/// "i/n" with 0 <= i < n, or "auto": what a Slurm array, a Kubernetes indexed job or torchrun set
/// in the environment (docs/many-machines.md).
Shard parse_shard(const std::string& text);

/// Every count-th photo beginning with the index-th.
std::vector<InputPhoto> select_shard(const std::vector<InputPhoto>& photos, const Shard& shard);

}  // namespace embedmask::cli
