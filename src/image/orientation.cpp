#include "image/orientation.h"

#include <cstring>
#include <optional>

namespace embedmask::image {
namespace {

// Reads integers of either byte order, never outside the block.
class TiffBlock {
public:
    TiffBlock(std::span<const std::uint8_t> bytes, bool little_endian)
        : bytes_(bytes), little_endian_(little_endian) {}

    [[nodiscard]] std::optional<std::uint32_t> read(std::uint64_t offset, int size) const {
        if (offset + size > bytes_.size()) {
            return std::nullopt;
        }
        std::uint32_t value = 0;
        for (int i = 0; i < size; ++i) {
            const int shift = 8 * (little_endian_ ? i : size - 1 - i);
            value |= static_cast<std::uint32_t>(bytes_[offset + i]) << shift;
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
    bool little_endian_;
};

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kTypeShort = 3;

}  // namespace

Position stored_position(int x, int y, ImageSize stored, int orientation) {
    const int right = stored.width - 1;
    const int bottom = stored.height - 1;
    switch (orientation) {
        case 2:
            return {right - x, y};
        case 3:
            return {right - x, bottom - y};
        case 4:
            return {x, bottom - y};
        case 5:
            return {y, x};
        case 6:
            return {y, bottom - x};
        case 7:
            return {right - y, bottom - x};
        case 8:
            return {right - y, x};
        default:
            return {x, y};
    }
}

int exif_orientation(std::span<const std::uint8_t> tiff) {
    if (tiff.size() < 8) {
        return 1;
    }
    const bool little = tiff[0] == 'I' && tiff[1] == 'I';
    const bool big = tiff[0] == 'M' && tiff[1] == 'M';
    if (!little && !big) {
        return 1;
    }
    const TiffBlock block(tiff, little);
    if (block.read(2, 2) != 42U) {
        return 1;
    }
    const std::uint64_t directory = block.read(4, 4).value_or(0);
    const std::uint32_t entries = block.read(directory, 2).value_or(0);
    for (std::uint32_t i = 0; i < entries; ++i) {
        const std::uint64_t entry = directory + 2 + 12ULL * i;
        const auto tag = block.read(entry, 2);
        if (!tag) {
            return 1;
        }
        if (*tag != kOrientationTag) {
            continue;
        }
        const auto value = block.read(entry + 8, 2);
        if (block.read(entry + 2, 2) != kTypeShort || !value) {
            return 1;
        }
        return *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
    }
    return 1;
}

ImageSize oriented_size(ImageSize stored, int orientation) {
    if (orientation < 5) {
        return stored;
    }
    return {stored.height, stored.width};
}

Image apply_orientation(Image image, int orientation) {
    if (orientation <= 1 || orientation > 8) {
        return image;
    }
    const ImageSize stored = image.size;
    Image upright{oriented_size(stored, orientation), {}};
    upright.rgb.resize(image.rgb.size());
    // Along a row of the upright image, the stored position advances by a constant step.
    const std::ptrdiff_t stored_row = 3 * static_cast<std::ptrdiff_t>(stored.width);
    const Position origin = stored_position(0, 0, stored, orientation);
    const Position next = stored_position(1, 0, stored, orientation);
    const std::ptrdiff_t step = (next.y - origin.y) * stored_row + 3 * (next.x - origin.x);
    std::uint8_t* out = upright.rgb.data();
    for (int y = 0; y < upright.size.height; ++y) {
        const Position start = stored_position(0, y, stored, orientation);
        std::ptrdiff_t in = start.y * stored_row + 3 * static_cast<std::ptrdiff_t>(start.x);
        for (int x = 0; x < upright.size.width; ++x, in += step, out += 3) {
            std::memcpy(out, image.rgb.data() + in, 3);
        }
    }
    return upright;
}

}  // namespace embedmask::image
