// Reading the photos of an annotation file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::data {

/// The size that an annotation file records for an image; nothing unless both sides are recorded.
std::optional<ImageSize> recorded_size(const ImageRecord& image);

/// The photo of a record in `folder`, of the recorded size where there is one: it decides whether
/// the picture is turned as EXIF says (DecodeOptions::expected_size). Error when the photo cannot
/// be read or does not fit its record. Thread-safe.
Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          std::uint64_t max_pixels = DecodeOptions{}.max_pixels);

}  // namespace embedmask::data
