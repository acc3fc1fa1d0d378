// Persistent ids of torch pickles: what a file says about its storages.
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
    std::optional<DType> dtype;  ///< of `type`; nothing for untyped bytes and exotic types
    std::size_t element_size = 1;
    std::uint64_t count = 0;  ///< in elements, 1-byte ones when untyped
};

/// "float32", "bfloat16", ... → the element type.
std::optional<DType> torch_dtype(std::string_view name);

/// The storage that value `id` names. Error when it names none, or is a view of another storage as
/// PyTorch wrote them before 0.4.
TorchStorage describe_storage(const pickle::Tree& tree, pickle::Id id, const std::string& file);

/// All storages that the tree names, by key. Error when two ids disagree about one.
std::map<std::string_view, TorchStorage> describe_storages(const pickle::Tree& tree,
                                                           const std::string& file);

}  // namespace embedmask::foreign
