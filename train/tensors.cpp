#include "train/tensors.h"

#include <cstring>

#include "embedmask/error.h"

namespace embedmask::train {
namespace {

DType dtype_of(torch::ScalarType type) {
    switch (type) {
        case torch::kFloat32:
            return DType::f32;
        case torch::kFloat64:
            return DType::f64;
        case torch::kInt64:
            return DType::i64;
        case torch::kInt32:
            return DType::i32;
        case torch::kUInt8:
            return DType::u8;
        default:
            throw Error("tensors of this type cannot be stored");
    }
}

torch::ScalarType type_of(DType dtype) {
    switch (dtype) {
        case DType::f64:
            return torch::kFloat64;
        case DType::i64:
            return torch::kInt64;
        case DType::i32:
            return torch::kInt32;
        case DType::u8:
            return torch::kUInt8;
        default:
            return torch::kFloat32;
    }
}

}  // namespace

torch::Tensor to_torch(const embedmask::Tensor& tensor) {
    const torch::ScalarType type = type_of(tensor.dtype);
    torch::Tensor out = torch::empty(tensor.shape, type);
    if (type == torch::kFloat32) {
        const std::vector<float> values = to_floats(tensor);
        std::memcpy(out.data_ptr(), values.data(), values.size() * sizeof(float));
    } else {
        std::memcpy(out.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
    }
    return out;
}

embedmask::Tensor from_torch(const torch::Tensor& tensor) {
    const torch::Tensor dense = tensor.detach().to(torch::kCPU).contiguous();
    const auto* first = static_cast<const std::byte*>(dense.data_ptr());
    return embedmask::Tensor::of_bytes(dtype_of(dense.scalar_type()),
                                       std::vector<std::byte>(first, first + dense.nbytes()),
                                       dense.sizes().vec());
}

}  // namespace embedmask::train
