#include "data/recorded_image.h"

#include <algorithm>

#include "base/paths.h"

namespace embedmask::data {
namespace {

// Whether a relative path cannot leave the folder that it starts from.
bool stays_inside(const std::filesystem::path& path) {
    const std::filesystem::path normal = path.lexically_normal();
    return normal.is_relative() && !normal.empty() && *normal.begin() != "..";
}

}  // namespace

std::filesystem::path recorded_path(const std::filesystem::path& folder,
                                    const std::string& file_name) {
    std::filesystem::path path = folder / file_name;
    if (file_name.find('\\') == std::string::npos || detail::path_exists(path)) {
        return path;
    }
    std::string name = file_name;
    std::ranges::replace(name, '\\', '/');
    return stays_inside(name) ? folder / name : path;
}

ImageFile recorded_file(const std::filesystem::path& folder, const ImageRecord& image) {
    return {recorded_path(folder, image.file_name), image.id, recorded_size(image), image.upright};
}

std::optional<ImageSize> recorded_size(const ImageRecord& image) {
    if (image.width < 1 || image.height < 1) {
        return std::nullopt;
    }
    return ImageSize{image.width, image.height};
}

std::vector<ImageFile> recorded_files(const Dataset& dataset, const std::filesystem::path& folder) {
    std::vector<ImageFile> files;
    for (const ImageRecord& image : dataset.images) {
        files.push_back(recorded_file(folder, image));
    }
    return files;
}

Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          std::uint64_t max_pixels) {
    return read_image_file(recorded_file(folder, image), max_pixels);
}

}  // namespace embedmask::data
