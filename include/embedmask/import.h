/// @file
/// Reads the weights of other programs and builds models from them (spec §10).
///
/// Nothing in a file is ever executed: pickles are read as plain data by a reader that accepts a
/// short list of harmless names. All functions may be called from any thread.
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

/// The tensors of one file.
struct ForeignWeights {
    std::string file;                             ///< its name, for messages
    Weights tensors;                              ///< by name
    std::map<std::string, std::string> metadata;  ///< see `read_foreign_weights`
};

/// Reads safetensors, torch.save (legacy and zip) and pickles of numpy arrays (MSRA, Detectron),
/// detected by their first bytes. A checkpoint is read from its state dict under "model",
/// "state_dict" or "blobs". The file is mapped; dense tensors point into it. Metadata: "container",
/// and "iteration" if the checkpoint has it. Error for other formats, damaged files, files without
/// tensors, and pickles that hold more than plain weights.
[[nodiscard]] EMBEDMASK_EXPORT ForeignWeights
read_foreign_weights(const std::filesystem::path& path);

/// How parameters and tensors were matched.
struct EMBEDMASK_EXPORT ImportReport {
    /// A parameter and its tensor.
    struct Match {
        std::string parameter;  ///< of the network
        std::string tensor;     ///< name in the file
        std::string file;       ///< ForeignWeights::file
    };
    std::vector<Match> matched;               ///< parameters with a tensor
    std::vector<std::string> missing;         ///< parameters without a tensor
    std::vector<std::string> unused;          ///< "file: tensor"
    std::vector<std::string> mismatched;      ///< "parameter: shape in the file, shape expected"
    std::vector<std::string> warnings;        ///< contents that the network cannot use
    bool has_torchvision_statistics = false;  ///< needs frozen_bn_eps = 1e-5 (§10.4)

    /// Whether every parameter has weights.
    [[nodiscard]] bool complete() const { return missing.empty() && mismatched.empty(); }
};

/// Result of `import_weights`.
struct Import {
    Weights weights;      ///< by parameter name; missing parameters are absent
    ImportReport report;  ///< how they were matched
};

/// Matches tensors to the parameters of a graph, in the order of `files`; later files take
/// precedence. A parameter takes the tensor with its name, else the one with the longest name that
/// is a suffix of it (§10.2). Caffe2, torchvision and detectron2 names are translated first
/// (§10.3–§10.5); a "module." prefix of all names is dropped (§10.1); a scalar margin of G2 is
/// repeated (§10.6). Frozen batch norm without statistics (MSRA files) gets mean 0 and variance 1 −
/// `frozen_bn_eps` (§3.2).
[[nodiscard]] EMBEDMASK_EXPORT Import import_weights(const network::Graph& graph,
                                                     const std::vector<ForeignWeights>& files,
                                                     double frozen_bn_eps);

/// A table to print: tensors and used tensors per file, then the numbers of matched, missing,
/// unused and mismatched parameters with the first ten names of each.
EMBEDMASK_EXPORT std::string describe(const ImportReport& report,
                                      const std::vector<ForeignWeights>& files);

/// Options of `import_model`.
struct ImportOptions {
    Config config;                     ///< of the network
    std::vector<Category> categories;  ///< label k of the network is categories[k]
    /// Keys of `config` that files do not change.
    std::vector<std::string> fixed_keys = {};
};

/// Result of `import_model`.
struct ImportedModel {
    Model model;                     ///< usable if the report is complete
    ImportReport report;             ///< how weights were matched
    std::vector<std::string> notes;  ///< kinds of the files, and settings taken from them
};

/// Builds a model from weight files. Settings that the tensors determine are taken from the files
/// (§10.6): embedding dimensions, proposal head, ε of torchvision statistics. Error for a file of a
/// generation that does not match `config`.
[[nodiscard]] EMBEDMASK_EXPORT ImportedModel import_model(const std::vector<ForeignWeights>& files,
                                                          const ImportOptions& options);

}  // namespace embedmask
