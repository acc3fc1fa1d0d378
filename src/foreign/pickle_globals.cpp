#include "foreign/pickle_globals.h"

#include <algorithm>
#include <array>

namespace embedmask::pickle {
namespace {

struct Global {
    std::string_view module;
    std::string_view name;
};

template <std::size_t N>
bool contains(const std::array<Global, N>& list, std::string_view module, std::string_view name) {
    return std::any_of(list.begin(), list.end(), [&](const Global& global) {
        return global.module == module && global.name == name;
    });
}

// Element types that newer files state in addition to an untyped storage.
constexpr std::array<std::string_view, 14> kTorchTypes = {
    "float32", "float64", "float16", "bfloat16", "float", "double", "half",
    "int64",   "int32",   "int16",   "int8",     "uint8", "bool",   "long"};

}  // namespace

bool is_dict_type(std::string_view module, std::string_view name) {
    static constexpr std::array<Global, 5> types = {{{"collections", "OrderedDict"},
                                                     {"collections", "defaultdict"},
                                                     {"collections", "Counter"},
                                                     {"__builtin__", "dict"},
                                                     {"builtins", "dict"}}};
    return contains(types, module, name);
}

bool is_allowed_global(std::string_view module, std::string_view name) {
    static constexpr std::array<Global, 24> others = {{
        {"torch._utils", "_rebuild_tensor"},
        {"torch._utils", "_rebuild_tensor_v2"},
        {"torch._utils", "_rebuild_tensor_v3"},
        {"torch._utils", "_rebuild_parameter"},
        {"torch", "Size"},
        {"torch", "device"},
        {"torch.storage", "UntypedStorage"},
        {"torch.storage", "_UntypedStorage"},
        {"numpy", "ndarray"},
        {"numpy", "dtype"},
        {"numpy.core.multiarray", "_reconstruct"},
        {"numpy._core.multiarray", "_reconstruct"},
        {"numpy.core.multiarray", "scalar"},
        {"numpy._core.multiarray", "scalar"},
        {"numpy.core.numeric", "_frombuffer"},
        {"numpy._core.numeric", "_frombuffer"},
        {"_codecs", "encode"},
        {"__builtin__", "set"},
        {"builtins", "set"},
        {"__builtin__", "list"},
        {"builtins", "list"},
        {"__builtin__", "tuple"},
        {"builtins", "tuple"},
        {"__builtin__", "bytearray"},
    }};
    if (module == "torch") {
        if (name.ends_with("Storage") && name.find('.') == std::string_view::npos) {
            return true;
        }
        if (std::find(kTorchTypes.begin(), kTorchTypes.end(), name) != kTorchTypes.end()) {
            return true;
        }
    }
    return is_dict_type(module, name) || contains(others, module, name);
}

}  // namespace embedmask::pickle
