#include "embedmask/model.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "embedmask/error.h"
#include "model/int8.h"
#include "model/safetensors.h"

namespace embedmask {
namespace {

using nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr const char* kFormatKey = "embedmask.format";
constexpr const char* kConfigKey = "embedmask.config";
constexpr const char* kCategoriesKey = "embedmask.categories";
constexpr const char* kProvenanceKey = "embedmask.provenance";
constexpr const char* kScaleSuffix = "::scale";  // the I8 tensor's scales; no parameter ends so
const char* const kConvertFix = "build model files with `embedmask convert`";

const std::string& metadata(const Safetensors& file, const char* key, const std::string& name) {
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
        throw Error(fmt::format("{}: bad format version \"{}\"", name, version), kConvertFix);
    }
    if (number > kFormatVersion) {
        throw Error(fmt::format("{}: model format {}, this program reads up to {}", name, number,
                                kFormatVersion),
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
        throw Error(fmt::format("{}: {} categories, the network has {} classes", model.name,
                                model.categories.size(), model.config.num_classes),
                    kConvertFix);
    }
}

// I8 tensors with their scales become F32; everything else stays where it is.
Weights unpack(Weights stored, const std::string& name) {
    Weights weights;
    for (auto& [key, tensor] : stored) {
        if (key.ends_with(kScaleSuffix)) continue;
        if (tensor.dtype != DType::i8) {
            weights.emplace(key, std::move(tensor));
            continue;
        }
        const auto scales = stored.find(key + kScaleSuffix);
        if (scales == stored.end() || tensor.shape.empty() || scales->second.dtype != DType::f32 ||
            scales->second.shape != std::vector<std::int64_t>{tensor.shape[0]}) {
            throw Error(
                fmt::format("{}: tensor \"{}\" is I8 but \"{}{}\" is missing or has not one "
                            "F32 scale per output channel",
                            name, key, key, kScaleSuffix),
                kConvertFix);
        }
        weights.emplace(key, dequantize(tensor, scales->second));
    }
    return weights;
}

bool is_conv_weight(const Tensor& tensor) {
    return tensor.shape.size() == 4;
}

void store(Weights& out, const std::string& key, const Tensor& tensor, Storage storage) {
    if (storage == Storage::keep) {
        out.emplace(key, tensor);
    } else if (storage == Storage::i8 && is_conv_weight(tensor)) {
        QuantizedWeight quantized = quantize(tensor);
        out.emplace(key, std::move(quantized.values));
        out.emplace(key + kScaleSuffix, std::move(quantized.scales));
    } else {
        const bool half = storage == Storage::f16 && is_conv_weight(tensor);
        out.emplace(key, with_dtype(tensor, half ? DType::f16 : DType::f32));
    }
}

}  // namespace

void check_weights(const network::Graph& graph, const Weights& weights, const std::string& name) {
    std::vector<std::string> problems;
    for (const network::Parameter& parameter : graph.parameters) {
        // A counter of batches seen; no forward pass reads it.
        if (parameter.name.ends_with("num_batches_tracked")) continue;
        const auto found = weights.find(parameter.name);
        if (found == weights.end()) {
            problems.push_back(
                fmt::format("missing: {} {}", parameter.name, shape_text(parameter.shape)));
        } else if (found->second.shape != parameter.shape) {
            problems.push_back(fmt::format("{}: shape {}, expected {}", parameter.name,
                                           shape_text(found->second.shape),
                                           shape_text(parameter.shape)));
        } else if (!is_finite(found->second)) {
            problems.push_back(fmt::format("{}: holds NaN or infinity", parameter.name));
        }
    }
    if (problems.empty()) return;
    constexpr std::size_t kShown = 8;
    const std::size_t shown = std::min(problems.size(), kShown);
    std::string list = fmt::format(
        "{}", fmt::join(problems.begin(), problems.begin() + static_cast<long>(shown), "\n  "));
    if (problems.size() > shown)
        list += fmt::format("\n  ... and {} more", problems.size() - shown);
    throw Error(fmt::format("{}: {} of {} tensors do not fit its configuration:\n  {}", name,
                            problems.size(), graph.parameters.size(), list),
                "convert the weights again with the preset that they were trained with");
}

Model read_model(const std::filesystem::path& path) {
    Safetensors file = read_safetensors(path);
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
            if (value.is_string()) model.provenance[key] = value.get<std::string>();
        }
    }
    model.weights = unpack(std::move(file.tensors), model.name);
    check_weights(model.graph(), model.weights, model.name);
    return model;
}

void write_model(const std::filesystem::path& path, const Model& model, Storage storage) {
    check_categories(model);
    const network::Graph graph = model.graph();
    check_weights(graph, model.weights, path.string());
    Safetensors file;
    file.metadata[kFormatKey] = std::to_string(kFormatVersion);
    Config config = model.config;
    config.data = {};  // files of the machine it was trained on
    file.metadata[kConfigKey] = to_toml(config);
    file.metadata[kCategoriesKey] = categories_text(model.categories);
    file.metadata[kProvenanceKey] = json(model.provenance).dump();
    for (const network::Parameter& parameter : graph.parameters) {
        if (parameter.name.ends_with("num_batches_tracked")) continue;
        store(file.tensors, parameter.name, model.weights.at(parameter.name), storage);
    }
    write_safetensors(path, file);
}

}  // namespace embedmask
