// Decoded images on disk, so that they are decoded once.
#pragma once

#include <atomic>
#include <filesystem>

#include "embedmask/image.h"

namespace embedmask::train {

/// Reads images, through a folder of decoded ones when there is one. A file that changed (size or
/// time) is decoded again; a damaged cache file too. An image that cannot be kept (a full disk) is
/// said once and does no harm. Const; any thread, any number of processes.
class ImageCache {
public:
    /// An empty `folder` means no cache.
    explicit ImageCache(std::filesystem::path folder = {});

    /// As `read_image`, pixel by pixel.
    [[nodiscard]] Image read(const std::filesystem::path& file, const DecodeOptions& options) const;

private:
    std::filesystem::path folder_;
    mutable std::atomic<bool> warned_ = false;  // that an image could not be kept
};

}  // namespace embedmask::train
