#include "network/copier.h"

#include <set>

namespace embedmask::network {

Copier::Copier(const Network& from) : from_(from), moved_(from.graph.nodes.size(), -1) {
    to_.weights = from.weights;
    to_.graph.parameters = from.graph.parameters;
    to_.graph.input_channels = from.graph.input_channels;
}

NodeId Copier::append(Node node) {
    to_.graph.nodes.push_back(std::move(node));
    return static_cast<NodeId>(to_.graph.nodes.size() - 1);
}

void Copier::copy(NodeId old) {
    Node node = from_.graph.nodes[old];
    for (NodeId& input : node.inputs) {
        input = moved_[input];
    }
    moved_[old] = append(std::move(node));
}

std::string Copier::add_weight(const std::string& name, std::vector<float> values,
                               std::vector<std::int64_t> shape) {
    to_.graph.parameters.push_back({name, shape, {}, false, false});
    to_.weights[name] = Tensor::of_floats(std::move(values), std::move(shape));
    return name;
}

Network Copier::finish() {
    for (const Output& output : from_.graph.outputs) {
        if (moved_[output.node] < 0) {
            continue;
        }
        to_.graph.outputs.push_back({output.name, moved_[output.node], output.training_only});
    }
    drop_unused();
    return std::move(to_);
}

void Copier::drop_unused() {
    std::set<std::string, std::less<>> used;
    for (const Node& node : to_.graph.nodes) {
        used.insert(node.parameters.begin(), node.parameters.end());
    }
    std::erase_if(to_.graph.parameters, [&](const Parameter& p) { return !used.contains(p.name); });
    std::erase_if(to_.weights, [&](const auto& entry) { return !used.contains(entry.first); });
}

std::vector<std::vector<NodeId>> readers_of(const Graph& graph) {
    std::vector<std::vector<NodeId>> readers(graph.nodes.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const NodeId input : graph.nodes[i].inputs) {
            readers[input].push_back(static_cast<NodeId>(i));
        }
    }
    return readers;
}

std::vector<bool> is_output(const Graph& graph) {
    std::vector<bool> result(graph.nodes.size(), false);
    for (const Output& output : graph.outputs) {
        result[output.node] = true;
    }
    return result;
}

std::vector<float> floats_of(const Network& network, const std::string& name) {
    return to_floats(network.weights.at(name));
}

}  // namespace embedmask::network
