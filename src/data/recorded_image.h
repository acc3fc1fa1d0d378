// Reads the images of an annotation file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/input_files.h"
#include "data/image_files.h"
#include "embedmask/dataset.h"
#include "embedmask/image.h"

namespace embedmask::data {

/// The image size recorded in an annotation file; nothing unless both sides are recorded.
std::optional<ImageSize> recorded_size(const ImageRecord& image);

/// The file of a record, or the page of a file. A path from Windows is also looked for with slashes
/// in place of its backslashes; if that leads out of the folder, by its last part.
std::filesystem::path recorded_path(const std::filesystem::path& folder,
                                    const std::string& file_name);

/// The image of a record in `folder`.
ImageFile recorded_file(const std::filesystem::path& folder, const ImageRecord& image);

/// The images of a dataset in `folder`, in the order of the dataset.
std::vector<ImageFile> recorded_files(const Dataset& dataset, const std::filesystem::path& folder);

/// Error if the dataset has a duplicate image id.
void require_unique_images(const Dataset& dataset);

/// Adds the images of a dataset in `folder` to the files that must not be replaced.
void add_images(detail::InputFiles& inputs, const Dataset& dataset,
                const std::filesystem::path& folder);

/// Reads the image of a record in `folder`, like read_image_file.
Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          const DecodeOptions& options = {});

}  // namespace embedmask::data
