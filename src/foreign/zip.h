// Zip archives as torch.save writes them: members stored, never compressed.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace embedmask::foreign {

using ZipMembers = std::map<std::string, std::span<const std::byte>, std::less<>>;

/// Whether `bytes` begin like a zip archive.
bool is_zip(std::span<const std::byte> bytes);

/// The members of the archive `bytes`, a file called `file`, by name; they point into `bytes`.
/// Sizes and places come from the central directory (zip64 included) and are checked against the
/// file, the local headers and each other. Error: no or a damaged directory, a compressed or
/// encrypted member, one that leaves the file or overlaps another, a name twice.
ZipMembers read_zip(std::span<const std::byte> bytes, const std::string& file);

}  // namespace embedmask::foreign
