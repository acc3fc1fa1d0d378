#include "train/image_cache.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/paged_path.h"
#include "base/standard_output.h"
#include "embedmask/error.h"
#include "image/stored_image.h"

namespace embedmask::train {
namespace {

namespace fs = std::filesystem;

// The header of a cache file; pixels follow.
struct Header {
    std::array<char, 8> magic = {'E', 'M', 'D', 'E', 'C', 'O', 'D', '1'};
    std::int32_t width = 0;
    std::int32_t height = 0;
};

std::string key_of(const fs::path& file, const DecodeOptions& options) {
    const fs::path stored = detail::paged_path(file).file;
    const auto time = fs::last_write_time(stored).time_since_epoch().count();
    const ImageSize expected = options.expected_size.value_or(ImageSize{});
    // Many short sides give the same shrunk image.
    const int shrunk =
        options.expected_size
            ? static_cast<int>(image::shrinking(expected, options.shrink_to_short_side))
            : -options.shrink_to_short_side;
    const std::string identity =
        fmt::format("{}|{}|{}|{}x{}|{}{}", fs::absolute(file).string(), fs::file_size(stored), time,
                    expected.width, expected.height, shrunk, options.expected_upright ? "|up" : "");
    return fmt::format("{:016x}.rgb", std::hash<std::string>{}(identity));
}

std::optional<Image> read_cached(const fs::path& path) {
    if (!fs::exists(path)) {
        return std::nullopt;
    }
    const detail::MappedFile map(path);
    const std::span<const std::byte> bytes = map.bytes();
    Header header;
    if (bytes.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    const bool plausible = header.magic == Header().magic && header.width > 0 && header.height > 0;
    const std::size_t size =
        3ULL * static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.height);
    if (!plausible || bytes.size() != sizeof header + size) {
        return std::nullopt;
    }
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data() + sizeof header);
    return Image{{header.width, header.height}, {first, first + size}};
}

}  // namespace

ImageCache::ImageCache(fs::path folder) : folder_(std::move(folder)) {
    if (!folder_.empty()) {
        detail::make_folder(folder_);
    }
}

Image ImageCache::read(const fs::path& file, const DecodeOptions& options) const {
    if (folder_.empty()) {
        return read_image(file, options);
    }
    const fs::path cached = folder_ / key_of(file, options);
    if (std::optional<Image> found = read_cached(cached)) {
        return std::move(*found);
    }
    Image image = read_image(file, options);
    const Header header{Header().magic, image.size.width, image.size.height};
    try {
        detail::AtomicFile out(cached);
        out.write({reinterpret_cast<const char*>(&header), sizeof header});
        out.write({reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size()});
        out.commit();
    } catch (const Error& error) {
        // Training continues without the cache; a full disk is reported once.
        if (!warned_.exchange(true)) {
            detail::say("not cached: {}\n", error.what());
        }
    }
    return image;
}

}  // namespace embedmask::train
