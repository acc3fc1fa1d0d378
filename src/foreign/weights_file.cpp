#include "foreign/weights_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/look_alike.h"
#include "embedmask/error.h"
#include "foreign/numpy_array.h"
#include "foreign/pickle.h"
#include "foreign/torch_file.h"
#include "foreign/zip.h"
#include "model/checkpoint_file.h"
#include "tensor/safetensors.h"

namespace embedmask::foreign {
namespace {

using pickle::Id;
using pickle::kNone;
using Kind = pickle::Value::Kind;

constexpr std::byte kProto{0x80};

// "byte 0: 50 4b", for a file of unknown format.
std::string first_bytes(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 8))) {
        text += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
    }
    return text.empty() ? " nothing" : text;
}

bool is_safetensors(std::span<const std::byte> bytes) {
    return bytes.size() > 8 && bytes[8] == std::byte{'{'};
}

// The dict with the tensors: the root itself, or the value under one of these checkpoint keys.
Id state_dict(const pickle::Tree& tree, const std::string& file) {
    if (!tree.is_dict(tree.root)) {
        throw Error(file + ": expected a dict of named tensors",
                    "save the state dict: torch.save(model.state_dict(), \"weights.pth\")");
    }
    for (const char* key : {"model", "state_dict", "blobs"}) {
        const Id inner = tree.find(tree.root, key);
        if (inner != kNone && tree.is_dict(inner)) {
            return inner;
        }
    }
    return tree.root;
}

// Tensor names appear in messages and as keys of the model file.
void check_name(std::string_view name, const std::string& file) {
    constexpr std::size_t kMaxName = 500;
    if (name.empty() || name.size() > kMaxName || shown(name.substr(0, 80)) != name.substr(0, 80) ||
        std::any_of(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; })) {
        throw Error(fmt::format("{}: \"{}\" is not a valid tensor name: expected 1 to {} printable "
                                "ASCII characters",
                                file, shown(name), kMaxName),
                    "the file is damaged; copy or save it again");
    }
}

void collect(const TorchFile& file, TensorSource& source, ForeignWeights* weights) {
    const pickle::Tree& tree = file.tree;
    const Id dict = state_dict(tree, source.file);
    for (const auto& [key, value] : tree.entries(dict)) {
        const std::string_view text = tree[key].text;
        if (tree[key].kind != Kind::text) {
            continue;
        }
        check_name(text, source.file);
        const std::string name(text);
        std::optional<Tensor> tensor = torch_tensor(file, value, name, source);
        if (!tensor) {
            tensor = numpy_tensor(tree, value, name, source);
        }
        if (tensor) {
            weights->tensors.insert_or_assign(name, std::move(*tensor));
        }
    }
    if (weights->tensors.empty()) {
        throw Error(source.file + ": contains no named tensors",
                    "save the state dict: torch.save(model.state_dict(), \"weights.pth\")");
    }
    const Id iteration = tree.find(tree.root, "iteration");
    if (iteration != kNone && tree[iteration].kind == Kind::integer) {
        weights->metadata["iteration"] = std::to_string(tree[iteration].integer);
    }
}

}  // namespace

ForeignWeights parse_foreign_weights(std::span<const std::byte> bytes, const std::string& file,
                                     const std::shared_ptr<const void>& owner) {
    detail::reject_look_alikes({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file,
                               "weights");
    ForeignWeights weights;
    weights.file = file;
    // All tensors of a file may be strided views (channels last); each is copied once.
    TensorSource source = {file, owner, 2 * static_cast<std::uint64_t>(bytes.size())};
    if (is_safetensors(bytes)) {
        detail::Safetensors contents = detail::parse_safetensors(bytes, file, owner);
        detail::reject_checkpoint(contents, file);
        weights.tensors = std::move(contents.tensors);
        weights.metadata = std::move(contents.metadata);
    } else if (is_zip(bytes)) {
        weights.metadata["container"] = "torch zip";
        collect(read_zip_torch(bytes, file), source, &weights);
    } else if (is_legacy_torch(bytes)) {
        weights.metadata["container"] = "torch legacy";
        collect(read_legacy_torch(bytes, file), source, &weights);
    } else if (!bytes.empty() && bytes[0] == kProto) {
        weights.metadata["container"] = "pickle";
        collect({pickle::parse(bytes, file), {}}, source, &weights);
    } else {
        throw Error(fmt::format("{}: begins with{}, which is not a known weight format", file,
                                first_bytes(bytes)),
                    "pass a .safetensors file, a .pth file from torch.save, or a .pkl file of "
                    "numpy arrays");
    }
    return weights;
}

}  // namespace embedmask::foreign

namespace embedmask {

ForeignWeights read_foreign_weights(const std::filesystem::path& path) {
    const auto map = std::make_shared<const detail::MappedFile>(path);
    ForeignWeights weights = foreign::parse_foreign_weights(map->bytes(), path.string(), map);
    weights.file = path.filename().string();
    return weights;
}

}  // namespace embedmask
