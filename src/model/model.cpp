#include "embedmask/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "base/paths.h"
#include "embedmask/error.h"
#include "model/checkpoint_file.h"
#include "tensor/int8.h"
#include "tensor/safetensors.h"

namespace embedmask {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kFormatVersion = 2;
constexpr int kFormatWithoutBase = 1;
constexpr const char* kFormatKey = "embedmask.format";
constexpr const char* kConfigKey = "embedmask.config";
constexpr const char* kCategoriesKey = "embedmask.categories";
constexpr const char* kProvenanceKey = "embedmask.provenance";
constexpr const char* kBaseKey = "embedmask.base";  // a file next to this one; since format 2
constexpr const char* kScaleSuffix = "::scale";     // the scales of an I8 tensor; no parameter has
                                                    // this suffix
const char* const kConvertFix = "build model files with `embedmask convert`";

const std::string& metadata(const detail::Safetensors& file, const char* key,
                            const std::string& name) {
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end()) {
        throw Error(fmt::format("{}: not an EmbedMask model: the metadata lacks \"{}\"", name, key),
                    kConvertFix);
    }
    return found->second;
}

void check_version(const std::string& version, const std::string& name) {
    int number = 0;
    try {
        number = std::stoi(version);
    } catch (const std::exception&) {
        number = 0;
    }
    if (number < 1) {
        throw Error(fmt::format("{}: invalid format version \"{}\"", name, version), kConvertFix);
    }
    if (number > kFormatVersion) {
        throw Error(fmt::format("{}: model format {}, but this program reads formats up to {}",
                                name, number, kFormatVersion),
                    "update embedmask");
    }
}

std::vector<Category> parse_categories(const std::string& text, const std::string& name) {
    std::vector<Category> categories;
    try {
        for (const json& entry : json::parse(text)) {
            categories.push_back({entry.at("id").get<std::int64_t>(), entry.at("name")});
        }
    } catch (const json::exception& error) {
        throw Error(fmt::format("{}: the metadata's categories are not a list of {{id, name}}: {}",
                                name, error.what()),
                    kConvertFix);
    }
    return categories;
}

std::string categories_text(const std::vector<Category>& categories) {
    json list = json::array();
    for (const Category& category : categories) {
        list.push_back({{"id", category.id}, {"name", category.name}});
    }
    return list.dump();
}

void check_categories(const Model& model) {
    if (static_cast<std::int64_t>(model.categories.size()) != model.config.num_classes) {
        throw Error(fmt::format("{}: {} categories, but the network has {} classes", model.name,
                                model.categories.size(), model.config.num_classes),
                    kConvertFix);
    }
}

const Tensor& scales_of(const std::string& key, const Tensor& tensor, const Weights& stored,
                        const std::string& name) {
    const auto scales = stored.find(key + kScaleSuffix);
    if (scales == stored.end() || tensor.shape.empty() || scales->second.dtype != DType::f32 ||
        scales->second.shape != std::vector<std::int64_t>{tensor.shape[0]}) {
        throw Error(fmt::format("{}: tensor \"{}\" is I8, but \"{}{}\" is missing or does not hold "
                                "one F32 scale per output channel",
                                name, key, key, kScaleSuffix),
                    kConvertFix);
    }
    return scales->second;
}

// Converts I8 tensors with their scales to F32; all others stay in place.
Weights unpack(const Weights& stored, const std::string& name) {
    struct Packed {
        const Tensor& values;
        const Tensor& scales;
        Tensor& floats;
    };
    Weights weights;
    std::vector<Packed> packed;
    for (const auto& [key, tensor] : stored) {
        if (key.ends_with(kScaleSuffix)) {
            continue;
        }
        Tensor& target = weights.emplace(key, tensor).first->second;
        if (tensor.dtype != DType::i8) {
            continue;
        }
        packed.push_back({tensor, scales_of(key, tensor, stored, name), target});
    }
    detail::parallel_for(packed.size(), detail::available_processors(), [&](std::size_t i) {
        packed[i].floats = detail::dequantize(packed[i].values, packed[i].scales);
    });
    return weights;
}

bool is_conv_weight(const Tensor& tensor) {
    return tensor.shape.size() == 4;
}

void store(Weights& out, const std::string& key, const Tensor& tensor, Storage storage) {
    if (storage == Storage::keep) {
        out.emplace(key, tensor);
    } else if (storage == Storage::i8 && is_conv_weight(tensor)) {
        detail::QuantizedWeight quantized = detail::quantize(tensor);
        out.emplace(key, std::move(quantized.values));
        out.emplace(key + kScaleSuffix, std::move(quantized.scales));
    } else {
        const bool half = storage == Storage::f16 && is_conv_weight(tensor);
        out.emplace(key, with_dtype(tensor, half ? DType::f16 : DType::f32));
    }
}

bool same_bits(const Tensor& a, const Tensor& b) {
    return a.dtype == b.dtype && a.shape == b.shape && std::ranges::equal(a.bytes, b.bytes);
}

// Removes from `file` the tensors that the base contains.
void omit_shared_tensors(const fs::path& base, const fs::path& path, detail::Safetensors& file) {
    const detail::Safetensors shared = detail::read_safetensors(base);
    if (!fs::equivalent(fs::absolute(base).parent_path(), fs::absolute(path).parent_path())) {
        throw Error(
            fmt::format("{}: the base {} is in another folder", path.string(), base.string()),
            "write the model to the folder of its base");
    }
    if (shared.metadata.contains(kBaseKey)) {
        throw Error(fmt::format("{}: already depends on a base, {}", base.string(),
                                shared.metadata.at(kBaseKey)),
                    "use that file as the base");
    }
    const std::size_t left_out = std::erase_if(file.tensors, [&](const auto& entry) {
        const auto found = shared.tensors.find(entry.first);
        return found != shared.tensors.end() && same_bits(found->second, entry.second);
    });
    if (left_out == 0) {
        throw Error(fmt::format("{}: shares no tensor with {}", path.string(), base.string()),
                    "a base needs the same frozen layers and the same --store");
    }
    file.metadata[kBaseKey] = base.filename().string();
    file.metadata[kFormatKey] = std::to_string(kFormatVersion);
}

// Adds the tensors of `graph` that `file` shares with its base file.
void add_shared(const fs::path& path, const network::Graph& graph, detail::Safetensors& file) {
    const auto name = file.metadata.find(kBaseKey);
    if (name == file.metadata.end()) {
        return;
    }
    // The name is from an untrusted file, so only files in the same folder may be opened.
    if (name->second.empty() || fs::path(name->second).filename() != name->second) {
        throw Error(
            fmt::format("{}: its base \"{}\" is not a file name", path.string(), name->second),
            kConvertFix);
    }
    const fs::path base = path.parent_path() / name->second;
    if (!detail::path_exists(base)) {
        throw Error(fmt::format("{}: shares its backbone with {}, which is missing", path.string(),
                                base.string()),
                    "put that file in the same folder; `embedmask convert FILE --store i8 --out "
                    "WHOLE` then "
                    "writes a self-contained file");
    }
    const detail::Safetensors shared = detail::read_safetensors(base);
    for (const network::Parameter& parameter : graph.parameters) {
        for (const std::string& key : {parameter.name, parameter.name + kScaleSuffix}) {
            const auto found = shared.tensors.find(key);
            if (found != shared.tensors.end()) {
                file.tensors.emplace(key, found->second);
            }
        }
    }
}

}  // namespace

void check_weights(const network::Graph& graph, const Weights& weights, const std::string& name) {
    std::vector<std::string> problems;
    for (const network::Parameter& parameter : graph.parameters) {
        // Counts the processed batches; not used in a forward pass.
        if (parameter.name.ends_with("num_batches_tracked")) {
            continue;
        }
        const auto found = weights.find(parameter.name);
        if (found == weights.end()) {
            problems.push_back(
                fmt::format("missing: {} {}", parameter.name, shape_text(parameter.shape)));
        } else if (found->second.shape != parameter.shape) {
            problems.push_back(fmt::format("{}: shape {}, expected {}", parameter.name,
                                           shape_text(found->second.shape),
                                           shape_text(parameter.shape)));
        } else if (!is_finite(found->second)) {
            problems.push_back(fmt::format("{}: contains NaN or infinity", parameter.name));
        }
    }
    if (problems.empty()) {
        return;
    }
    constexpr std::size_t kShown = 8;
    const std::size_t shown = std::min(problems.size(), kShown);
    std::string list = fmt::format(
        "{}", fmt::join(problems.begin(), problems.begin() + static_cast<long>(shown), "\n  "));
    if (problems.size() > shown) {
        list += fmt::format("\n  ... and {} more", problems.size() - shown);
    }
    throw Error(fmt::format("{}: {} of {} tensors do not match its configuration:\n  {}", name,
                            problems.size(), graph.parameters.size(), list),
                "convert the weights again with the preset they were trained with");
}

Model read_model(const fs::path& path) {
    detail::Safetensors file = detail::read_safetensors(path);
    detail::reject_checkpoint(file, path.string());
    Model model;
    model.name = path.string();
    check_version(metadata(file, kFormatKey, model.name), model.name);
    model.config = parse_config(metadata(file, kConfigKey, model.name),
                                model.name + " (metadata " + kConfigKey + ")");
    model.categories = parse_categories(metadata(file, kCategoriesKey, model.name), model.name);
    check_categories(model);
    if (const auto found = file.metadata.find(kProvenanceKey); found != file.metadata.end()) {
        const json provenance = json::parse(found->second, nullptr, false);
        for (const auto& [key, value] : provenance.items()) {
            if (value.is_string()) {
                model.provenance[key] = value.get<std::string>();
            }
        }
    }
    const network::Graph graph = model.graph();
    add_shared(path, graph, file);
    model.weights = unpack(file.tensors, model.name);
    check_weights(graph, model.weights, model.name);
    return model;
}

void write_model(const fs::path& path, const Model& model, Storage storage, const fs::path& base) {
    check_categories(model);
    const network::Graph graph = model.graph();
    check_weights(graph, model.weights, path.string());
    detail::Safetensors file;
    file.metadata[kFormatKey] = std::to_string(kFormatWithoutBase);
    Config config = model.config;
    config.data = {};  // paths of the machine it was trained on
    config.start_model.clear();
    file.metadata[kConfigKey] = to_toml(config);
    file.metadata[kCategoriesKey] = categories_text(model.categories);
    file.metadata[kProvenanceKey] = json(model.provenance).dump();
    for (const network::Parameter& parameter : graph.parameters) {
        if (parameter.name.ends_with("num_batches_tracked")) {
            continue;
        }
        store(file.tensors, parameter.name, model.weights.at(parameter.name), storage);
    }
    if (!base.empty()) {
        omit_shared_tensors(base, path, file);
    }
    detail::write_safetensors(path, file);
}

bool is_model_file(const fs::path& path) {
    try {
        return detail::read_safetensors(path).metadata.contains(kFormatKey);
    } catch (const Error&) {
        return false;
    }
}

}  // namespace embedmask
