/// @file
/// The model file: configuration, categories and weights in one safetensors file.
///
/// Reading maps the file; nothing is copied until a value is needed. Files of all earlier versions
/// can be read. All functions may be called from any thread, on different files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "embedmask/category.h"
#include "embedmask/config.h"
#include "embedmask/export.h"
#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask {

/// A network with its weights and categories.
struct Model {
    Config config;                                  ///< of the network
    std::vector<Category> categories;               ///< label k of the network is categories[k]
    Weights weights;                                ///< by parameter name, with buffers
    std::map<std::string, std::string> provenance;  ///< origin of the weights; free text
    std::string name;                               ///< file name, for messages

    /// The network of `config`.
    [[nodiscard]] network::Graph graph() const { return network::embedmask(config); }
};

/// Storage of weights in a file.
enum class Storage {
    keep,  ///< unchanged
    f32,   ///< F32
    f16,   ///< convolution weights F16, everything else F32
    i8,    ///< convolution weights I8 with one scale per output channel, everything else F32
};

/// Reads and checks a model file. Error for a file that is truncated, not safetensors or without
/// metadata, for tensors that are missing, of a wrong shape or not finite, and if the base file
/// (see `write_model`) is missing.
EMBEDMASK_EXPORT Model read_model(const std::filesystem::path& path);

/// Writes a model file atomically; equal models give equal files.
///
/// With `base`, a model file in the same folder, tensors that are bit-equal in `base` are left out
/// and read from there: models with one frozen backbone store it once. Error if nothing is shared.
EMBEDMASK_EXPORT void write_model(const std::filesystem::path& path, const Model& model,
                                  Storage storage, const std::filesystem::path& base = {});

/// Whether the file has the header of a model file.
EMBEDMASK_EXPORT bool is_model_file(const std::filesystem::path& path);

/// Throws an Error that lists all parameters of `graph` that are missing, of a different shape or
/// not finite in `weights`. `name` is the file name for the message.
EMBEDMASK_EXPORT void check_weights(const network::Graph& graph, const Weights& weights,
                                    const std::string& name);

/// The path of a model: `name` if such a file exists, else NAME.safetensors in the models folder of
/// the installation (share/embedmask/models, or models/ of the checkout). Otherwise an Error that
/// lists the installed models.
EMBEDMASK_EXPORT std::filesystem::path find_model(const std::string& name);

}  // namespace embedmask
