// Persistent ids of torch pickles, which describe the storages of a file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "embedmask/weights.h"
#include "foreign/pickle.h"

namespace embedmask::foreign {

/// ('storage', class, key, device, count[, view]) of one storage.
struct TorchStorage {
    std::string_view key;
    std::string_view type;       ///< "FloatStorage", ...
    std::optional<DType> dtype;  ///< nothing for untyped bytes and exotic types
    std::size_t element_size = 1;
    std::uint64_t count = 0;  ///< in elements; in bytes if untyped
};

/// "float32", "bfloat16", ... → the element type.
std::optional<DType> torch_dtype(std::string_view name);

/// The storage named by value `id`. Error if it does not name one, or if it is a view of another
/// storage as written by PyTorch before 0.4.
TorchStorage describe_storage(const pickle::Tree& tree, pickle::Id id, const std::string& file);

/// All storages named in the tree, by key. Error if two ids describe the same storage differently.
std::map<std::string_view, TorchStorage> describe_storages(const pickle::Tree& tree,
                                                           const std::string& file);

}  // namespace embedmask::foreign
