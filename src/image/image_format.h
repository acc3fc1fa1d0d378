// Which format a file has, by its first bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

namespace embedmask::image {

enum class ImageFormat { jpeg, png, webp, tiff, gif, bmp, pnm };

/// "a JPEG", "a PNG" and so on, before "image".
const char* name_of(ImageFormat format);

/// The formats that are read, for messages: "JPEG, PNG, ... or PNM".
inline constexpr std::string_view kImageFormats = "JPEG, PNG, WebP, TIFF, GIF, BMP or PNM";

/// The format of a file that is meant to be an image, or nothing.
std::optional<ImageFormat> format_of(std::span<const std::uint8_t> bytes);

/// Whether a file begins like an image, where other files may begin like one by chance: of the
/// formats with short marks, more than the mark must fit. The first 32 bytes suffice.
bool has_image_signature(std::span<const std::uint8_t> bytes);

/// Whether the ending of a name, in any case, is one of image files.
bool is_image_name(const std::filesystem::path& path);

/// Reports a file of another format: what it looks like, and what to do with it.
[[noreturn]] void fail_unknown(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace embedmask::image
