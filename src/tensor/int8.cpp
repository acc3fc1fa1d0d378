#include "tensor/int8.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace embedmask::detail {

QuantizedWeight quantize(const Tensor& weight) {
    const std::vector<float> values = to_floats(weight);
    const auto channels = static_cast<std::size_t>(weight.shape[0]);
    const std::size_t per_channel = values.size() / channels;
    std::vector<std::byte> quantized(values.size());
    std::vector<float> scales(channels);
    for (std::size_t o = 0; o < channels; ++o) {
        const float* row = values.data() + o * per_channel;
        float largest = 0;
        for (std::size_t i = 0; i < per_channel; ++i) {
            largest = std::max(largest, std::fabs(row[i]));
        }
        // A channel of zeros keeps scale 1, so every value is exactly 0.
        scales[o] = largest > 0 ? largest / 127.0F : 1.0F;
        for (std::size_t i = 0; i < per_channel; ++i) {
            const float steps = std::nearbyint(row[i] / scales[o]);
            const auto byte = static_cast<std::int8_t>(std::clamp(steps, -127.0F, 127.0F));
            quantized[o * per_channel + i] = static_cast<std::byte>(byte);
        }
    }
    return {Tensor::of_bytes(DType::i8, std::move(quantized), weight.shape),
            Tensor::of_floats(std::move(scales), {weight.shape[0]})};
}

Tensor dequantize(const Tensor& values, const Tensor& scales) {
    const std::vector<float> scale = to_floats(scales);
    std::vector<float> floats(values.bytes.size());
    const std::size_t per_channel = scale.empty() ? 0 : floats.size() / scale.size();
    for (std::size_t o = 0; o < scale.size(); ++o) {
        for (std::size_t i = o * per_channel; i < (o + 1) * per_channel; ++i) {
            const auto step = static_cast<std::int8_t>(values.bytes[i]);
            floats[i] = static_cast<float>(step) * scale[o];
        }
    }
    return Tensor::of_floats(std::move(floats), values.shape);
}

}  // namespace embedmask::detail
