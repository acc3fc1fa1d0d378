#include "data/recorded_image.h"

namespace embedmask::data {
namespace {

ImageFile recorded_file(const std::filesystem::path& folder, const ImageRecord& image) {
    return {folder / image.file_name, image.id, recorded_size(image)};
}

}  // namespace

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
