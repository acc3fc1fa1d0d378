#include "network/random_weights.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace embedmask::network {

Weights random_weights(const Graph& graph, std::uint32_t seed) {
    std::mt19937 random(seed);
    Weights weights;
    for (const Parameter& parameter : graph.parameters) {
        const std::vector<std::int64_t>& shape = parameter.shape;
        const auto size =
            std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
        const bool is_conv = shape.size() == 4;
        const auto fan_in = static_cast<float>(is_conv ? shape[1] * shape[2] * shape[3] : 1);
        const bool positive = parameter.name.ends_with("running_var") ||
                              (!is_conv && parameter.name.ends_with("weight")) ||
                              parameter.name.ends_with("scale");
        std::normal_distribution<float> normal(0, is_conv ? std::sqrt(2.0F / fan_in) : 0.1F);
        std::vector<float> values(static_cast<std::size_t>(size));
        for (float& value : values) {
            value = normal(random) + (positive ? 1.0F : 0.0F);
        }
        weights[parameter.name] = Tensor::of_floats(std::move(values), shape);
    }
    return weights;
}

}  // namespace embedmask::network
