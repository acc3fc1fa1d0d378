/// Weights of other programs: reading them, and building a model of them (spec §10).
///
/// Nothing in a file is ever executed: pickles are read as plain data by a reader that knows a
/// short list of harmless names. All functions may be called from several threads.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "embedmask/category.h"
#include "embedmask/export.h"
#include "embedmask/graph.h"
#include "embedmask/model.h"
#include "embedmask/weights.h"

namespace embedmask {

/// The tensors of one file as it was read, with the name of the file.
struct ForeignWeights {
    std::string file;
    Weights tensors;
    std::map<std::string, std::string> metadata;
};

/// Reads safetensors, torch.save (legacy and zip) and pickles of numpy arrays (MSRA, Detectron),
/// told apart by their first bytes. Of a checkpoint the state dict under "model", "state_dict" or
/// "blobs" is taken; optimisers and the like are left out. The file is mapped; tensors point into
/// it where they are dense. Metadata: "container", and "iteration" where the checkpoint has it.
/// Error: none of these formats, no tensors, damaged, or more than plain weights in a pickle.
[[nodiscard]] EMBEDMASK_EXPORT ForeignWeights
read_foreign_weights(const std::filesystem::path& path);

/// What became of every parameter and every tensor.
struct EMBEDMASK_EXPORT ImportReport {
    struct Match {
        std::string parameter;
        std::string tensor;
        std::string file;
    };
    std::vector<Match> matched;
    std::vector<std::string> missing;         ///< parameters that no file had
    std::vector<std::string> unused;          ///< "file: tensor"
    std::vector<std::string> mismatched;      ///< "parameter: shape in the file, shape expected"
    std::vector<std::string> warnings;        ///< what a file held and the network cannot
    bool has_torchvision_statistics = false;  ///< running statistics that want ε = 1e-5 (§10.4)

    /// Whether every parameter of the network has its weights.
    [[nodiscard]] bool complete() const { return missing.empty() && mismatched.empty(); }
};

struct Import {
    Weights weights;
    ImportReport report;
};

/// Matches in the order of `files`; later files win. A parameter takes the tensor of its own name,
/// else the longest tensor name that is a suffix of its name (§10.2). Caffe2, torchvision and
/// detectron2 names are first turned into the graph's (§10.3–§10.5); a "module." that all names
/// carry is dropped (§10.1); a scalar margin of G2 is repeated (§10.6). Parameters that are missing
/// are absent from the result; frozen batch norm without statistics (MSRA files) gets mean 0 and
/// variance 1 − `frozen_bn_eps` (§3.2).
[[nodiscard]] EMBEDMASK_EXPORT Import import_weights(const network::Graph& graph,
                                                     const std::vector<ForeignWeights>& files,
                                                     double frozen_bn_eps);

/// A table for people: lines per file (tensors, how many were used), then matched, missing, unused
/// and mismatched parameters, the first ten of each by name.
EMBEDMASK_EXPORT std::string describe(const ImportReport& report,
                                      const std::vector<ForeignWeights>& files);

struct ImportOptions {
    Config config;
    std::vector<Category> categories;  ///< label k of the network is categories[k]
    /// Keys of `config` that stay as they are although a file says otherwise.
    std::vector<std::string> fixed_keys = {};
};

struct ImportedModel {
    Model model;  ///< can be used when the report is complete
    ImportReport report;
    std::vector<std::string> notes;  ///< what the files are and what of `config` they changed
};

/// A model of these files. What a file says about the network it was trained for is followed
/// (§10.6): the embedding dimensions, the proposal head, the ε of torchvision's statistics. Error
/// when a file is of a generation that `config` cannot hold.
[[nodiscard]] EMBEDMASK_EXPORT ImportedModel import_model(const std::vector<ForeignWeights>& files,
                                                          const ImportOptions& options);

}  // namespace embedmask
