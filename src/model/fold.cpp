#include "model/fold.h"

#include "network/batch_norm.h"

namespace embedmask::detail {
namespace {

// The module of a convolution's weight.
std::string module_of(const std::string& weight) {
    return weight.substr(0, weight.rfind('.'));
}

}  // namespace

Model with_folded_norms(Model model) {
    if (model.config.nanodet.norm == NanodetNorm::folded) {
        return model;
    }
    const network::Graph before = model.graph();
    model.config.nanodet.norm = NanodetNorm::folded;
    const network::Graph after = model.graph();
    Weights weights;
    for (const network::Parameter& parameter : after.parameters) {
        const auto found = model.weights.find(parameter.name);
        if (found != model.weights.end()) {
            weights[parameter.name] = found->second;
        }
    }
    for (const network::Node& node : before.nodes) {
        if (!network::is_batch_norm(node)) {
            continue;
        }
        const network::Node& conv = before.nodes[static_cast<std::size_t>(node.inputs[0])];
        const std::string& name = conv.parameters[0];
        const std::string bias = module_of(name) + ".bias";
        if (weights.contains(node.parameters[0])) {
            continue;  // a batch norm of the heads, which stays
        }
        network::FoldedConv folded = network::fold(conv, node, model.weights);
        const std::vector<std::int64_t> shape = model.weights.at(name).shape;
        weights[bias] = Tensor::of_floats(std::move(folded.bias), {shape[0]});
        weights[name] = Tensor::of_floats(std::move(folded.weight), shape);
    }
    model.weights = std::move(weights);
    return model;
}

}  // namespace embedmask::detail
