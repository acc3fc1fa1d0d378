// Foreign weights: which tensor of a file is which parameter of the network (spec §10).
#pragma once

#include <string>
#include <vector>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::foreign {

/// The tensors of one file as it was read, with the name of the file.
struct ForeignWeights {
    std::string file;
    Weights tensors;
    std::map<std::string, std::string> metadata;
};

/// What became of every parameter and every tensor.
struct ImportReport {
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
Import import_weights(const network::Graph& graph, const std::vector<ForeignWeights>& files,
                      double frozen_bn_eps);

}  // namespace embedmask::foreign
