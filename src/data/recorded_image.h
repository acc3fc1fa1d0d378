// Reading the images of an annotation file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "data/image_files.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::data {

/// The size that an annotation file records for an image; nothing unless both sides are recorded.
std::optional<ImageSize> recorded_size(const ImageRecord& image);

/// The images of a data set in `folder`, in its order.
std::vector<ImageFile> recorded_files(const Dataset& dataset, const std::filesystem::path& folder);

/// The image of a record in `folder`, as read_image_file reads it.
Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          std::uint64_t max_pixels = DecodeOptions{}.max_pixels);

}  // namespace embedmask::data
