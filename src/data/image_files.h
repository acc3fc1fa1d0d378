// Resolves the image files of a job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/folder_files.h"
#include "embedmask/error.h"
#include "embedmask/image.h"

namespace embedmask::data {

struct ImageFile {
    std::filesystem::path path;  ///< or NAME[PAGE], as read_image takes it
    std::int64_t image_id = 0;
    /// From the record in the annotation file.
    std::optional<ImageSize> expected_size = std::nullopt;
    bool expected_upright = false;  ///< ImageRecord::upright
    /// What labels call the image: the file name of its record; else its own, or, where two images
    /// of a job have the same, the path from the folder that all of them are in.
    std::string name = {};
};

/// The images of a folder: files whose content begins like an image, whatever their names, and
/// files with an ending of images, so that damaged ones are reported where they are read. Error if
/// there is none. `expected` is that of FolderChoice.
FolderFiles images_of_folder(
    const std::filesystem::path& folder,
    const std::function<bool(const std::filesystem::path&)>& expected = {});

struct FoundImages {
    std::vector<ImageFile> images;
    std::vector<PassedOver> passed_over;  ///< of each folder that was searched
    std::vector<Error> unusable;          ///< inputs without images: unreadable lists and folders
};

/// Files, pages of TIFF files (base/paged_path.h), folders (their images, by name), globs, @list (a
/// file with one path per line), or - (paths on standard input). A path that is not readable is an
/// image, so that it is reported in its place. Image ids are the file names if these are numbers
/// ("000000000139.jpg" → 139), else count from 1. Error if no file is found.
FoundImages find_images(const std::vector<std::string>& inputs);

/// Gives the images of one job their ids and names.
std::vector<ImageFile> numbered(const std::vector<std::filesystem::path>& paths);

/// The images of a COCO annotation file, in file order, with their ids and sizes.
std::vector<ImageFile> annotated_images(const std::filesystem::path& annotations,
                                        const std::filesystem::path& folder);

/// Decodes a file. The expected size, if any, decides whether the EXIF orientation is applied
/// (DecodeOptions::expected_size); the limit and the range are those of `options`. Error if the
/// file cannot be read or has a different size. Thread-safe.
Image read_image_file(const ImageFile& file, const DecodeOptions& options = {});

/// The same, and whether the file has pages that were not read because its path names none.
struct LoadedImage {
    Image image;
    bool has_more_pages = false;
};
LoadedImage load_image_file(const ImageFile& file, const DecodeOptions& options = {});

/// The EXIF orientation that `read_image_file` leaves to be applied: 1 for an upright image. Reads
/// the header. Error as for read_image_file.
int remaining_orientation(const ImageFile& file);

}  // namespace embedmask::data
