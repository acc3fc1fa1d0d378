#include "data/recorded_image.h"

namespace embedmask::data {

std::optional<ImageSize> recorded_size(const ImageRecord& image) {
    if (image.width < 1 || image.height < 1) return std::nullopt;
    return ImageSize{image.width, image.height};
}

Image read_recorded_image(const std::filesystem::path& folder, const ImageRecord& image,
                          std::uint64_t max_pixels) {
    DecodeOptions options;
    options.max_pixels = max_pixels;
    options.expected_size = recorded_size(image);
    return read_image(folder / image.file_name, options);
}

}  // namespace embedmask::data
