// Files of torch.save: the tensors inside, from the legacy and from the zip container (spec §10.7).
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

/// The raw memory of tensors, by the key that persistent ids name.
using TorchStorages = std::map<std::string, std::span<const std::byte>, std::less<>>;

/// The saved object and its storages; both point into the file.
struct TorchFile {
    pickle::Tree tree;
    TorchStorages storages;
};

/// Whether the file begins with the magic number of the legacy container.
bool is_legacy_torch(std::span<const std::byte> bytes);

/// Reads the container; nothing is copied. Error as for `pickle::parse` and `read_zip`, for
/// storages that leave the file, and for big-endian files and TorchScript archives.
TorchFile read_legacy_torch(std::span<const std::byte> bytes, const std::string& file);
TorchFile read_zip_torch(std::span<const std::byte> bytes, const std::string& file);

/// The tensor or parameter that value `id` describes, called `name`; nothing when it describes
/// none. Error when it does not fit its storage or its element type is unknown.
std::optional<Tensor> torch_tensor(const TorchFile& torch, pickle::Id id, const std::string& name,
                                   TensorSource& source);

}  // namespace embedmask::foreign
