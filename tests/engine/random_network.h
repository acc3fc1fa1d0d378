// Networks with deterministic or random weights, for tests.
#pragma once

#include <cmath>
#include <random>

#include "network/builder.h"
#include "network/random_weights.h"
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

inline network::Network random_network(const network::Graph& graph, std::uint32_t seed) {
    return {graph, network::random_weights(graph, seed)};
}

}  // namespace embedmask::testing
