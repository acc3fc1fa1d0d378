// Caches decoded images on disk, so that each is decoded once.
#pragma once

#include <atomic>
#include <filesystem>

#include "embedmask/image.h"

namespace embedmask::train {

/// Reads images, through a cache folder if there is one. A file that changed (size or time) is
/// decoded again, and so is one whose cache file is damaged. A failure to store an image (e.g. a
/// full disk) is reported once and otherwise ignored. Const and safe for any number of threads and
/// processes.
class ImageCache {
public:
    /// An empty `folder` means no cache.
    explicit ImageCache(std::filesystem::path folder = {});

    /// Returns the same pixels as `read_image`.
    [[nodiscard]] Image read(const std::filesystem::path& file, const DecodeOptions& options) const;

private:
    std::filesystem::path folder_;
    mutable std::atomic<bool> warned_ = false;  // that an image could not be stored
};

}  // namespace embedmask::train
