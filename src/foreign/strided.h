// Strided views into a storage, the way other programs store tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "embedmask/weights.h"
#include "foreign/untrusted.h"

namespace embedmask::foreign {

/// Elements of `storage` selected by an offset and strides, both in elements.
struct StridedView {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
    std::int64_t offset = 0;
    std::span<const std::byte> storage;
    bool big_endian = false;
};

/// Strides of a dense tensor of `shape`, with the last or the first dimension fastest.
std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& shape,
                                        bool first_fastest = false);

/// The view as a dense row-major tensor named `name`. Points into the storage if it is already
/// dense, else it is a copy charged to `source.copy_budget`. Error if a dimension, stride or the
/// offset is negative, or if the view reaches beyond its storage, has more elements than its
/// storage, or exhausts the budget.
Tensor dense_tensor(const StridedView& view, const std::string& name, TensorSource& source);

}  // namespace embedmask::foreign
