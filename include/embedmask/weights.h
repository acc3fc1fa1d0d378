/// Named tensors in memory: the weights of a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/export.h"

namespace embedmask {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Bytes per element.
EMBEDMASK_EXPORT std::size_t size_of(DType dtype);
/// The name used by safetensors: "F32", "BF16", ...
EMBEDMASK_EXPORT std::string_view dtype_name(DType dtype);

/// A dense row-major tensor. `bytes` points into memory that `owner` keeps alive (a mapped file or
/// a buffer), so copies are cheap and share the data, which nobody may change.
struct EMBEDMASK_EXPORT Tensor {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;

    [[nodiscard]] std::int64_t size() const;  ///< number of elements

    static Tensor of_floats(std::vector<float> values, std::vector<std::int64_t> shape);
    static Tensor of_bytes(DType dtype, std::vector<std::byte> bytes,
                           std::vector<std::int64_t> shape);
};

/// The elements as float32; exact for F32, F16, BF16. Error for integer tensors.
EMBEDMASK_EXPORT std::vector<float> to_floats(const Tensor& tensor);

/// The tensor stored as F32, F16 or BF16 (round to nearest even).
EMBEDMASK_EXPORT Tensor with_dtype(const Tensor& tensor, DType dtype);

/// True when no element is NaN or infinite.
EMBEDMASK_EXPORT bool is_finite(const Tensor& tensor);

/// "[64, 3, 7, 7]"
EMBEDMASK_EXPORT std::string shape_text(std::span<const std::int64_t> shape);

using Weights = std::map<std::string, Tensor, std::less<>>;

}  // namespace embedmask
