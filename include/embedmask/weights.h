/// @file
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

/// Element type of a tensor.
enum class DType {
    f64,      ///< F64
    f32,      ///< F32
    f16,      ///< F16
    bf16,     ///< BF16
    i64,      ///< I64
    i32,      ///< I32
    i16,      ///< I16
    i8,       ///< I8
    u8,       ///< U8
    boolean,  ///< BOOL, one byte
};

/// Bytes per element.
EMBEDMASK_EXPORT std::size_t size_of(DType dtype);
/// The name in safetensors files: "F32", "BF16", ...
EMBEDMASK_EXPORT std::string_view dtype_name(DType dtype);

/// A dense row-major tensor. `bytes` points into memory that `owner` keeps alive (a mapped file or
/// a buffer): copies are cheap and share the data, which is immutable.
struct EMBEDMASK_EXPORT Tensor {
    DType dtype = DType::f32;           ///< element type
    std::vector<std::int64_t> shape;    ///< dimensions
    std::span<const std::byte> bytes;   ///< the elements, little-endian
    std::shared_ptr<const void> owner;  ///< keeps `bytes` alive

    /// Number of elements.
    [[nodiscard]] std::int64_t size() const;

    /// A tensor of floats that owns its values.
    static Tensor of_floats(std::vector<float> values, std::vector<std::int64_t> shape);
    /// A tensor that owns its bytes.
    static Tensor of_bytes(DType dtype, std::vector<std::byte> bytes,
                           std::vector<std::int64_t> shape);
};

/// The elements as float32; exact for F32, F16, BF16. Error for integer tensors.
EMBEDMASK_EXPORT std::vector<float> to_floats(const Tensor& tensor);

/// The tensor stored as F32, F16 or BF16 (round to nearest even).
EMBEDMASK_EXPORT Tensor with_dtype(const Tensor& tensor, DType dtype);

/// Whether no element is NaN or infinite.
EMBEDMASK_EXPORT bool is_finite(const Tensor& tensor);

/// A shape as text: "[64, 3, 7, 7]".
EMBEDMASK_EXPORT std::string shape_text(std::span<const std::int64_t> shape);

/// Tensors by name.
using Weights = std::map<std::string, Tensor, std::less<>>;

}  // namespace embedmask
