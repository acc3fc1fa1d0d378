// Tensors as other programs store them: views with strides into a storage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "embedmask/weights.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {

/// Elements of `storage` chosen by an offset and strides, both in elements.
struct StridedView {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
    std::int64_t offset = 0;
    std::span<const std::byte> storage;
    bool big_endian = false;
};

/// Strides of a dense tensor of `shape`: the last dimension fastest, or the first.
std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& shape,
                                        bool first_fastest = false);

/// The view as a dense row-major tensor: pointing into the storage where it is dense already, else
/// copied at the expense of `source.copy_budget`. Error when it is negative anywhere, reaches
/// beyond its storage, has more elements than its storage, or exhausts the budget; `name` is the
/// tensor's.
Tensor dense_tensor(const StridedView& view, const std::string& name, TensorSource& source);

}  // namespace embedmask::foreign
