// The pages of a TIFF file: its chain of image file directories.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace embedmask::image {

/// Follows the chain through the file, of TIFF or BigTIFF in either byte order, and counts its
/// pages. Error for a chain that leads out of the file, into itself, or on and on.
int count_tiff_pages(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace embedmask::image
