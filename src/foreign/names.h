// Maps other programs' names to the tensors of this network (spec §10.1, §10.3–§10.5).
#pragma once

#include <string>
#include <vector>

#include "embedmask/weights.h"

namespace embedmask::foreign {

/// Whether this element type can be a weight: F32, F16, BF16, F64.
bool is_float(DType dtype);

/// detectron2's name → the authors' (§10.5) for tensors that both have; other names are unchanged.
std::string from_detectron2(std::string name);

/// Whether these are torchvision's names of a ResNet with running statistics, which require ε =
/// 1e-5 (§10.4). A "module." prefix on all of them is ignored.
bool has_torchvision_statistics(const Weights& tensors);

/// The tensors under the authors' names where these exist. A "module." prefix shared by all names
/// is dropped; torchvision, detectron2 and Caffe2 names are translated; Caffe2 blobs without a
/// counterpart in the network are left out. Appends any loss to `warnings`.
Weights with_canonical_names(const Weights& tensors, const std::string& file,
                             std::vector<std::string>* warnings);

}  // namespace embedmask::foreign
