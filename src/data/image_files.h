// Resolves the image files of a job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "embedmask/image.h"

namespace embedmask::data {

struct ImageFile {
    std::filesystem::path path;
    std::int64_t image_id = 0;
    std::optional<ImageSize> expected_size;  ///< from the record in the annotation file
};

/// Files, folders (their JPEG and PNG files, by name), globs, @list (a file with one path per
/// line), or - (paths on standard input). Image ids are the file names if these are numbers
/// ("000000000139.jpg" → 139), else count from 1. Error if no file is found.
std::vector<ImageFile> find_images(const std::vector<std::string>& inputs);

/// The images of a COCO annotation file, in file order, with their ids and sizes.
std::vector<ImageFile> annotated_images(const std::filesystem::path& annotations,
                                        const std::filesystem::path& folder);

/// Decodes a file. The expected size, if any, decides whether the EXIF orientation is applied
/// (DecodeOptions::expected_size). Error if the file cannot be read or has a different size.
/// Thread-safe.
Image read_image_file(const ImageFile& file, std::uint64_t max_pixels = DecodeOptions{}.max_pixels);

}  // namespace embedmask::data
