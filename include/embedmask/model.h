/// The model file: configuration, categories and weights in one safetensors file.
///
/// Reading maps the file; nothing is copied until a value is needed. Files written by any earlier
/// version stay readable. All functions may be called from several threads on different files.
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

struct Model {
    Config config;
    std::vector<Category> categories;  ///< label k of the network is categories[k]
    Weights weights;                   ///< by the graph's parameter names, buffers included
    std::map<std::string, std::string> provenance;  ///< what it was made from; free text
    std::string name;                               ///< where it was read from, for messages

    [[nodiscard]] network::Graph graph() const { return network::embedmask(config); }
};

/// How weights are stored in the file.
enum class Storage {
    keep,  ///< every tensor as it is
    f32,
    f16,  ///< convolution weights F16, everything else F32
    i8,   ///< convolution weights I8 with one scale per output channel, everything else F32
};

/// Reads and checks a model file. Error when the file is truncated, is not safetensors, lacks its
/// metadata, or its tensors are missing, of wrong shape or not finite; also when the file shares
/// tensors with another one (see `write_model`) that is not beside it.
EMBEDMASK_EXPORT Model read_model(const std::filesystem::path& path);

/// Writes atomically; two equal models give two equal files.
///
/// With `base`, the path of a model file in the same folder, tensors that `base` holds bit for bit
/// are left out and taken from there when the file is read: models that were trained on one frozen
/// backbone need it only once, on the disk and in memory. Error when nothing is shared.
EMBEDMASK_EXPORT void write_model(const std::filesystem::path& path, const Model& model,
                                  Storage storage, const std::filesystem::path& base = {});

/// True when `path` is a model file, judged by its header.
EMBEDMASK_EXPORT bool is_model_file(const std::filesystem::path& path);

/// Error that lists every parameter of `graph` which `weights` lacks or has in another shape, and
/// every one with values that are not finite. `name` is the file it speaks of.
EMBEDMASK_EXPORT void check_weights(const network::Graph& graph, const Weights& weights,
                                    const std::string& name);

/// The path of an installed model: `name` itself when such a file exists, else NAME.safetensors in
/// the models folder beside the program (share/embedmask/models, or models/ of the checkout).
/// Error listing the installed models otherwise.
EMBEDMASK_EXPORT std::filesystem::path find_model(const std::string& name);

}  // namespace embedmask
