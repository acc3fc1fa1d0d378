#include "foreign/torch_storage.h"

#include <fmt/format.h>

#include <array>

#include "embedmask/error.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {
namespace {

using pickle::Id;
using pickle::Value;
using Kind = Value::Kind;

const char* const kDamagedStorage =
    "the file is damaged or was not written by torch.save; save it again";

struct StorageType {
    std::string_view name;
    std::optional<DType> dtype;
    std::size_t element_size;
};

// All classes of known size, so that a legacy file with e.g. a complex tensor in its optimiser can
// still be read.
constexpr std::array<StorageType, 14> kTypes = {{{"FloatStorage", DType::f32, 4},
                                                 {"DoubleStorage", DType::f64, 8},
                                                 {"HalfStorage", DType::f16, 2},
                                                 {"BFloat16Storage", DType::bf16, 2},
                                                 {"LongStorage", DType::i64, 8},
                                                 {"IntStorage", DType::i32, 4},
                                                 {"ShortStorage", DType::i16, 2},
                                                 {"CharStorage", DType::i8, 1},
                                                 {"ByteStorage", DType::u8, 1},
                                                 {"BoolStorage", DType::boolean, 1},
                                                 {"ComplexFloatStorage", std::nullopt, 8},
                                                 {"ComplexDoubleStorage", std::nullopt, 16},
                                                 {"UntypedStorage", std::nullopt, 1},
                                                 {"_UntypedStorage", std::nullopt, 1}}};

}  // namespace

std::optional<DType> torch_dtype(std::string_view name) {
    struct Known {
        std::string_view name;
        DType dtype;
    };
    static constexpr std::array<Known, 14> all = {{{"float32", DType::f32},
                                                   {"float", DType::f32},
                                                   {"float64", DType::f64},
                                                   {"double", DType::f64},
                                                   {"float16", DType::f16},
                                                   {"half", DType::f16},
                                                   {"bfloat16", DType::bf16},
                                                   {"int64", DType::i64},
                                                   {"long", DType::i64},
                                                   {"int32", DType::i32},
                                                   {"int16", DType::i16},
                                                   {"int8", DType::i8},
                                                   {"uint8", DType::u8},
                                                   {"bool", DType::boolean}}};
    for (const Known& known : all) {
        if (known.name == name) {
            return known.dtype;
        }
    }
    return std::nullopt;
}

TorchStorage describe_storage(const pickle::Tree& tree, pickle::Id id, const std::string& file) {
    const auto fail = [&](const std::string& problem) -> TorchStorage {
        throw Error(fmt::format("{}: a tensor's storage: {}", file, problem), kDamagedStorage);
    };
    if (tree[id].kind != Kind::persistent) {
        return fail("not identified by a persistent id");
    }
    const Value& pid = tree[tree[id].arguments];
    if (pid.kind != Kind::tuple || pid.items.size() < 5 || tree[pid.items[0]].text != "storage" ||
        tree[pid.items[1]].kind != Kind::global || tree[pid.items[2]].kind != Kind::text ||
        tree[pid.items[4]].kind != Kind::integer || tree[pid.items[4]].integer < 0) {
        return fail("expected (\"storage\", class, key, device, count)");
    }
    if (pid.items.size() > 5 && tree[pid.items[5]].kind != Kind::none) {
        return fail("views of another storage, which PyTorch wrote before 0.4, are not supported");
    }
    TorchStorage storage;
    storage.type = tree[pid.items[1]].name;
    storage.key = tree[pid.items[2]].text;
    storage.count = static_cast<std::uint64_t>(tree[pid.items[4]].integer);
    for (const StorageType& type : kTypes) {
        if (type.name != storage.type) {
            continue;
        }
        storage.dtype = type.dtype;
        storage.element_size = type.element_size;
        return storage;
    }
    return fail(fmt::format("unknown element class {}", shown(storage.type)));
}

std::map<std::string_view, TorchStorage> describe_storages(const pickle::Tree& tree,
                                                           const std::string& file) {
    std::map<std::string_view, TorchStorage> storages;
    for (Id id = 0; id < tree.values.size(); ++id) {
        if (tree[id].kind != Kind::persistent) {
            continue;
        }
        const TorchStorage storage = describe_storage(tree, id, file);
        const auto [found, added] = storages.emplace(storage.key, storage);
        if (!added &&
            (found->second.type != storage.type || found->second.count != storage.count)) {
            throw Error(fmt::format("{}: two tensors disagree about storage {}: {} {} and {} {}",
                                    file, shown(storage.key), found->second.count,
                                    shown(found->second.type), storage.count, shown(storage.type)),
                        kDamagedStorage);
        }
    }
    return storages;
}

}  // namespace embedmask::foreign
