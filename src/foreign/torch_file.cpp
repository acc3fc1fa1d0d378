#include "foreign/torch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "embedmask/error.h"
#include "foreign/strided.h"
#include "foreign/torch_storage.h"
#include "foreign/zip.h"

namespace embedmask::foreign {
namespace {

using pickle::Id;
using pickle::kNone;
using pickle::Value;
using Kind = Value::Kind;

// 0x1950a86a20f9469cfc6c, little-endian, as PROTO 2, LONG1 with ten bytes, STOP.
constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr std::int64_t kLegacyProtocol = 1001;
const char* const kDamagedFile =
    "the file is damaged, truncated or not written by torch.save; copy or save it again";
const char* const kStateDict =
    "save the state dict instead: torch.save(model.state_dict(), \"weights.pth\")";

void expect_little_endian(const pickle::Tree& system, const std::string& file) {
    const Id little = system.find(system.root, "little_endian");
    if (little != kNone && system[little].integer == 0) {
        throw Error(file + ": written on a big-endian machine",
                    "save it again on a little-endian machine");
    }
}

}  // namespace

bool is_legacy_torch(std::span<const std::byte> bytes) {
    return bytes.size() >= kMagic.size() &&
           std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                      [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

TorchFile read_legacy_torch(std::span<const std::byte> bytes, const std::string& file) {
    // Magic number, protocol, system, object, list of storage keys; then the storages.
    const pickle::Tree protocol = pickle::parse(bytes, file, kMagic.size());
    if (protocol[protocol.root].integer != kLegacyProtocol) {
        throw Error(fmt::format("{}: byte {}: torch protocol {}, expected {}", file, kMagic.size(),
                                protocol[protocol.root].integer, kLegacyProtocol),
                    kDamagedFile);
    }
    const pickle::Tree system = pickle::parse(bytes, file, protocol.end);
    expect_little_endian(system, file);
    TorchFile torch;
    torch.tree = pickle::parse(bytes, file, system.end);
    const pickle::Tree keys = pickle::parse(bytes, file, torch.tree.end);
    const auto described = describe_storages(torch.tree, file);
    std::size_t at = keys.end;
    for (const Id id : keys[keys.root].items) {
        const std::string_view key = keys[id].text;
        const auto storage = described.find(key);
        if (storage == described.end()) {
            throw Error(fmt::format("{}: byte {}: storage {} belongs to no tensor, so its element "
                                    "size is unknown",
                                    file, at, shown(key)),
                        kDamagedFile);
        }
        constexpr std::size_t kCountSize = 8;
        const std::size_t rest = bytes.size() - at;
        const std::uint64_t count = rest < kCountSize ? 0 : little_endian(bytes, at, kCountSize);
        const std::size_t element = storage->second.element_size;
        if (rest < kCountSize || count != storage->second.count ||
            count > (rest - kCountSize) / element) {
            throw Error(
                fmt::format("{}: byte {}: storage {} needs {} elements of {} bytes, but the file "
                            "declares {} and ends after {} more bytes",
                            file, at, shown(key), storage->second.count, element, count, rest),
                kDamagedFile);
        }
        at += kCountSize;
        torch.storages.emplace(key, bytes.subspan(at, count * element));
        at += count * element;
    }
    return torch;
}

TorchFile read_zip_torch(std::span<const std::byte> bytes, const std::string& file) {
    const ZipMembers members = read_zip(bytes, file);
    constexpr std::string_view kPickle = "/data.pkl";
    const auto data = std::find_if(members.begin(), members.end(), [&](const auto& member) {
        const std::string& name = member.first;
        return name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size();
    });
    if (data == members.end()) {
        throw Error(file + ": a zip archive without NAME/data.pkl, so not written by torch.save",
                    "pass the .pth file itself, not an archive that contains it");
    }
    const std::string folder = data->first.substr(0, data->first.size() - kPickle.size()) + "/";
    if (members.contains(folder + "constants.pkl")) {
        throw Error(file + ": a TorchScript archive, expected named tensors", kStateDict);
    }
    const auto order = members.find(folder + "byteorder");
    if (order != members.end() && !order->second.empty() && order->second[0] == std::byte{'b'}) {
        throw Error(file + ": written on a big-endian machine",
                    "save it again on a little-endian machine");
    }
    TorchFile torch;
    torch.tree = pickle::parse(data->second, file + ": " + shown(data->first));
    const std::string storages = folder + "data/";
    for (auto member = members.lower_bound(storages);
         member != members.end() && member->first.starts_with(storages); ++member) {
        torch.storages.emplace(member->first.substr(storages.size()), member->second);
    }
    return torch;
}

namespace {

class TensorReader {
public:
    TensorReader(const TorchFile& torch, const std::string& name, TensorSource& source)
        : torch_(torch), tree_(torch.tree), name_(name), source_(source) {}

    // (storage, offset, shape, strides, ...); version 3 has the element type as the seventh
    // element.
    Tensor rebuild(const std::vector<Id>& arguments, bool typed_by_argument) {
        const std::size_t expected = typed_by_argument ? 7 : 4;
        if (arguments.size() < expected) {
            fail(fmt::format("its constructor has {} arguments, expected at least {}",
                             arguments.size(), expected));
        }
        const TorchStorage storage = describe_storage(tree_, arguments[0], source_.file);
        const auto memory = torch_.storages.find(storage.key);
        if (memory == torch_.storages.end()) {
            fail(fmt::format("its storage {} is not in the file", shown(storage.key)));
        }
        StridedView view;
        if (typed_by_argument) {
            const auto dtype = torch_dtype(tree_[arguments[6]].name);
            if (!dtype) {
                unknown_type(tree_[arguments[6]].name);
            }
            view.dtype = *dtype;
        } else {
            if (!storage.dtype) {
                unknown_type(storage.type);
            }
            view.dtype = *storage.dtype;
        }
        if (memory->second.size() / storage.element_size < storage.count) {
            fail(fmt::format("its storage {} has {} bytes, expected {} elements of {} bytes",
                             shown(storage.key), memory->second.size(), storage.count,
                             storage.element_size));
        }
        view.storage = memory->second.first(storage.count * storage.element_size);
        view.offset = integer(arguments[1]);
        view.shape = integers(arguments[2]);
        view.strides = integers(arguments[3]);
        return dense_tensor(view, name_, source_);
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw Error(fmt::format("{}: tensor \"{}\": {}", source_.file, shown(name_), problem),
                    kDamagedFile);
    }

    [[noreturn]] void unknown_type(std::string_view type) const {
        throw Error(fmt::format("{}: tensor \"{}\": elements of {} are not supported", source_.file,
                                shown(name_), shown(type)),
                    "convert it to float32 before saving: tensor.float()");
    }

    std::int64_t integer(Id id) const {
        if (tree_[id].kind != Kind::integer) {
            fail("an offset or dimension is not an integer");
        }
        return tree_[id].integer;
    }

    std::vector<std::int64_t> integers(Id id) const {
        std::vector<std::int64_t> result;
        for (const Id item : tree_[id].items) {
            result.push_back(integer(item));
        }
        return result;
    }

    const TorchFile& torch_;
    const pickle::Tree& tree_;
    const std::string& name_;
    TensorSource& source_;
};

}  // namespace

std::optional<Tensor> torch_tensor(const TorchFile& torch, pickle::Id id, const std::string& name,
                                   TensorSource& source) {
    const pickle::Tree& tree = torch.tree;
    constexpr std::string_view kUtils = "torch._utils";
    const Value* object = &tree[id];
    while (object->kind == Kind::object &&
           tree.is_global(object->callable, kUtils, "_rebuild_parameter") &&
           !tree[object->arguments].items.empty()) {
        object = &tree[tree[object->arguments].items[0]];
    }
    if (object->kind != Kind::object) {
        return std::nullopt;
    }
    const bool v3 = tree.is_global(object->callable, kUtils, "_rebuild_tensor_v3");
    if (!v3 && !tree.is_global(object->callable, kUtils, "_rebuild_tensor_v2") &&
        !tree.is_global(object->callable, kUtils, "_rebuild_tensor")) {
        return std::nullopt;
    }
    return TensorReader(torch, name, source).rebuild(tree[object->arguments].items, v3);
}

}  // namespace embedmask::foreign
