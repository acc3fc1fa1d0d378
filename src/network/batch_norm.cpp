#include "network/batch_norm.h"

#include <cmath>

namespace embedmask::network {

bool is_batch_norm(const Node& node) {
    return node.op == Op::frozen_batch_norm || node.op == Op::batch_norm;
}

FoldedConv fold(const Node& conv, const Node& norm, const Weights& weights) {
    const auto values = [&](const std::string& name) { return to_floats(weights.at(name)); };
    const std::vector<float> gamma = values(norm.parameters[0]);
    const std::vector<float> beta = values(norm.parameters[1]);
    const std::vector<float> mean = values(norm.parameters[2]);
    const std::vector<float> variance = values(norm.parameters[3]);
    std::vector<double> factors(gamma.size());
    for (std::size_t o = 0; o < factors.size(); ++o) {
        factors[o] = gamma[o] / std::sqrt(double{variance[o]} + norm.attributes.epsilon);
    }
    FoldedConv folded;
    folded.weight = values(conv.parameters[0]);
    scale_channels(folded.weight, factors);
    folded.bias.assign(gamma.size(), 0.0F);
    if (conv.parameters.size() > 1) {
        folded.bias = values(conv.parameters[1]);
    }
    for (std::size_t o = 0; o < factors.size(); ++o) {
        folded.bias[o] =
            static_cast<float>(beta[o] + (double{folded.bias[o]} - mean[o]) * factors[o]);
    }
    return folded;
}

void scale_channels(std::vector<float>& weight, const std::vector<double>& factors) {
    const std::size_t per_channel = weight.size() / factors.size();
    for (std::size_t i = 0; i < weight.size(); ++i) {
        weight[i] = static_cast<float>(weight[i] * factors[i / per_channel]);
    }
}

}  // namespace embedmask::network
