// What other programs call the tensors of this network (spec §10.1, §10.3–§10.5).
#pragma once

#include <string>
#include <vector>

#include "embedmask/weights.h"

namespace embedmask::foreign {

/// Whether elements of this type can be weights: F32, F16, BF16, F64.
bool is_float(DType dtype);

/// detectron2's name → the authors' (§10.5), for what both have; other names as they are.
std::string from_detectron2(std::string name);

/// Whether these are torchvision's names of a ResNet with running statistics, which want ε = 1e-5
/// (§10.4); a "module." before all of them does not matter.
bool has_torchvision_statistics(const Weights& tensors);

/// The tensors under the authors' names where there is one. A "module." that all names carry is
/// dropped; torchvision's, detectron2's and Caffe2's names are translated; blobs of Caffe2 without
/// a place in the network are left out. Appends to `warnings` what that loses.
Weights with_canonical_names(const Weights& tensors, const std::string& file,
                             std::vector<std::string>* warnings);

}  // namespace embedmask::foreign
