#include "embedmask/weights.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "embedmask/error.h"
#include "tensor/half.h"

namespace embedmask {
namespace {

// Makes a typed copy, since tensors in mapped files may be unaligned.
template <typename T>
std::vector<T> elements(const Tensor& tensor) {
    std::vector<T> values(tensor.bytes.size() / sizeof(T));
    if (!values.empty()) {
        std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
    }
    return values;
}

// All values are finite if no element has all exponent bits set.
template <typename T>
bool all_values_finite(const Tensor& tensor, T exponent_mask) {
    const std::size_t count = tensor.bytes.size() / sizeof(T);
    T found = 0;
    for (std::size_t i = 0; i < count; ++i) {
        T bits;
        std::memcpy(&bits, tensor.bytes.data() + i * sizeof(T), sizeof(T));
        found |= static_cast<T>((bits & exponent_mask) == exponent_mask ? 1 : 0);
    }
    return found == 0;
}

}  // namespace

std::size_t size_of(DType dtype) {
    switch (dtype) {
        case DType::f64:
        case DType::i64:
            return 8;
        case DType::f32:
        case DType::i32:
            return 4;
        case DType::f16:
        case DType::bf16:
        case DType::i16:
            return 2;
        default:
            return 1;
    }
}

std::string_view dtype_name(DType dtype) {
    switch (dtype) {
        case DType::f64:
            return "F64";
        case DType::f32:
            return "F32";
        case DType::f16:
            return "F16";
        case DType::bf16:
            return "BF16";
        case DType::i64:
            return "I64";
        case DType::i32:
            return "I32";
        case DType::i16:
            return "I16";
        case DType::i8:
            return "I8";
        case DType::u8:
            return "U8";
        case DType::boolean:
            return "BOOL";
    }
    return "?";
}

std::int64_t Tensor::size() const {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Tensor Tensor::of_floats(std::vector<float> values, std::vector<std::int64_t> shape) {
    const auto owner = std::make_shared<const std::vector<float>>(std::move(values));
    return {DType::f32, std::move(shape), std::as_bytes(std::span(*owner)), owner};
}

Tensor Tensor::of_bytes(DType dtype, std::vector<std::byte> bytes,
                        std::vector<std::int64_t> shape) {
    const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    return {dtype, std::move(shape), std::span(*owner), owner};
}

std::vector<float> to_floats(const Tensor& tensor) {
    switch (tensor.dtype) {
        case DType::f32:
            return elements<float>(tensor);
        case DType::f64: {
            const auto values = elements<double>(tensor);
            return {values.begin(), values.end()};
        }
        case DType::f16: {
            const auto halves = elements<std::uint16_t>(tensor);
            std::vector<float> values(halves.size());
            detail::half_to_float(halves, values.data());
            return values;
        }
        case DType::bf16: {
            const auto halves = elements<std::uint16_t>(tensor);
            std::vector<float> values(halves.size());
            for (std::size_t i = 0; i < halves.size(); ++i) {
                values[i] = detail::bfloat16_to_float(halves[i]);
            }
            return values;
        }
        default:
            throw Error(fmt::format("a tensor of type {} cannot be used as weights",
                                    dtype_name(tensor.dtype)),
                        "weights are F32, F16, BF16 or F64");
    }
}

Tensor with_dtype(const Tensor& tensor, DType dtype) {
    if (tensor.dtype == dtype) {
        return tensor;
    }
    std::vector<float> values = to_floats(tensor);
    if (dtype == DType::f32) {
        return Tensor::of_floats(std::move(values), tensor.shape);
    }
    std::vector<std::byte> bytes(values.size() * 2);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint16_t half = dtype == DType::bf16 ? detail::float_to_bfloat16(values[i])
                                                        : detail::float_to_half(values[i]);
        std::memcpy(bytes.data() + 2 * i, &half, 2);
    }
    return Tensor::of_bytes(dtype, std::move(bytes), tensor.shape);
}

bool is_finite(const Tensor& tensor) {
    switch (tensor.dtype) {
        case DType::f64:
            return all_values_finite<std::uint64_t>(tensor, 0x7FF0000000000000ULL);
        case DType::f32:
            return all_values_finite<std::uint32_t>(tensor, 0x7F800000U);
        case DType::f16:
            return all_values_finite<std::uint16_t>(tensor, 0x7C00U);
        case DType::bf16:
            return all_values_finite<std::uint16_t>(tensor, 0x7F80U);
        default:
            return true;
    }
}

std::string shape_text(std::span<const std::int64_t> shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace embedmask
