// Reads zip archives as written by torch.save: members are stored, never compressed.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace embedmask::foreign {

using ZipMembers = std::map<std::string, std::span<const std::byte>, std::less<>>;

/// Whether `bytes` begins like a zip archive.
bool is_zip(std::span<const std::byte> bytes);

/// The members by name of the archive `bytes`, the content of `file`; they point into `bytes`.
/// Sizes and offsets come from the central directory (including zip64) and are checked against the
/// file, the local headers and each other. Error for a missing or damaged directory, a compressed
/// or encrypted member, a member that reaches beyond the file or overlaps another, or a duplicate
/// name.
ZipMembers read_zip(std::span<const std::byte> bytes, const std::string& file);

}  // namespace embedmask::foreign
