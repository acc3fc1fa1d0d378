// Decoded photos on disk, so that they are decoded once.
#pragma once

#include <filesystem>

#include "embedmask/image.h"

namespace embedmask::train {

/// Reads photos, through a folder of decoded ones when there is one. A file that changed (size or
/// time) is decoded again; a damaged cache file too. Const; any thread, any number of processes.
class ImageCache {
public:
    /// An empty `folder` means no cache.
    explicit ImageCache(std::filesystem::path folder = {});

    /// As `read_image`, pixel by pixel.
    [[nodiscard]] Image read(const std::filesystem::path& file, const DecodeOptions& options) const;

private:
    std::filesystem::path folder_;
};

}  // namespace embedmask::train
