// Networks with deterministic or random weights, for tests.
#pragma once

#include <cmath>
#include <random>

#include "network/builder.h"
#include "network/rewrite.h"

namespace embedmask::testing {

/// The fill rule of the golden vectors: value(i) = offset + amplitude·sin(frequency·i + phase).
inline std::vector<float> sine(std::int64_t size, double offset, double amplitude, double frequency,
                               double phase) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(
            offset + amplitude * std::sin(frequency * static_cast<double>(i) + phase));
    }
    return values;
}

inline std::int64_t elements(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) {
        count *= dim;
    }
    return count;
}

/// Random weights of sensible size: convolutions He-scaled, variances positive, scales near 1.
inline network::Network random_network(const network::Graph& graph, std::uint32_t seed) {
    std::mt19937 random(seed);
    network::Network network{graph, {}};
    for (const network::Parameter& parameter : graph.parameters) {
        std::vector<float> values(static_cast<std::size_t>(elements(parameter.shape)));
        const bool is_conv = parameter.shape.size() == 4;
        const std::int64_t fan_in =
            is_conv ? parameter.shape[1] * parameter.shape[2] * parameter.shape[3] : 1;
        const bool positive = parameter.name.ends_with("running_var") ||
                              (!is_conv && parameter.name.ends_with("weight")) ||
                              parameter.name.ends_with("scale");
        std::normal_distribution<float> normal(0, is_conv ? std::sqrt(2.0F / fan_in) : 0.1F);
        for (float& value : values) {
            value = normal(random) + (positive ? 1.0F : 0.0F);
        }
        network.weights[parameter.name] = Tensor::of_floats(std::move(values), parameter.shape);
    }
    return network;
}

}  // namespace embedmask::testing
