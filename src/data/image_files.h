// Which image files a job works on.
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
    std::optional<ImageSize> expected_size;  ///< of the annotation file's record
};

/// Files, folders (their JPEG and PNG files, by name), globs, @list (a file with one path a line),
/// or - (paths on standard input). The image id is the number in a file name that is one
/// ("000000000139.jpg" → 139), else counts from 1. Error when nothing is found.
std::vector<ImageFile> find_images(const std::vector<std::string>& inputs);

/// The images of a COCO annotation file in its order, with its ids and sizes.
std::vector<ImageFile> annotated_images(const std::filesystem::path& annotations,
                                        const std::filesystem::path& folder);

/// Decodes a file, of the expected size where there is one: it decides whether the image is
/// turned as EXIF says (DecodeOptions::expected_size). Error when the file cannot be read or does
/// not have that size. Thread-safe.
Image read_image_file(const ImageFile& file, std::uint64_t max_pixels = DecodeOptions{}.max_pixels);

}  // namespace embedmask::data
