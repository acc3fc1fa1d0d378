// The safetensors container: 8 bytes of header length, a JSON header, tensor data.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "embedmask/weights.h"

namespace embedmask::detail {

struct Safetensors {
    std::map<std::string, std::string> metadata;
    Weights tensors;
};

/// Parses and fully validates `bytes` (a whole file named `name`): header within 100 MB and the
/// file, known dtypes, shapes that match their ranges without overflow, no overlaps, no holes.
/// `owner` keeps the bytes alive for the tensors that point into them.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name,
                              const std::shared_ptr<const void>& owner);

/// Maps the file and parses it.
Safetensors read_safetensors(const std::filesystem::path& path);

/// Writes atomically, widest types first so that every tensor is aligned to its element size.
void write_safetensors(const std::filesystem::path& path, const Safetensors& contents);

}  // namespace embedmask::detail
