// Reads the tensors of torch.save files, in the legacy and the zip container (spec §10.7).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "embedmask/weights.h"
#include "foreign/pickle.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {

/// The raw memory of tensors, by the key used in persistent ids.
using TorchStorages = std::map<std::string, std::span<const std::byte>, std::less<>>;

/// The saved object and its storages; both point into the file.
struct TorchFile {
    pickle::Tree tree;
    TorchStorages storages;
};

/// Whether the file begins with the magic number of the legacy container.
bool is_legacy_torch(std::span<const std::byte> bytes);

/// Reads the container without copying. Error as for `pickle::parse` and `read_zip`, and for
/// storages that reach beyond the file, big-endian files and TorchScript archives.
TorchFile read_legacy_torch(std::span<const std::byte> bytes, const std::string& file);
TorchFile read_zip_torch(std::span<const std::byte> bytes, const std::string& file);

/// The tensor or parameter described by value `id`, named `name`; nothing if `id` does not describe
/// one. Error if it does not fit its storage or its element type is unknown.
std::optional<Tensor> torch_tensor(const TorchFile& torch, pickle::Id id, const std::string& name,
                                   TensorSource& source);

}  // namespace embedmask::foreign
