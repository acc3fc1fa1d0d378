#include "network/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "network/batch_norm.h"
#include "network/copier.h"
#include "network/live.h"

namespace embedmask::network {
namespace {

struct SiblingKey {
    NodeId input;
    int kernel;
    int stride;
    int padding;

    // NOLINTNEXTLINE(modernize-use-nullptr): the comparison with 0 is the compiler's own.
    auto operator<=>(const SiblingKey&) const = default;
};

}  // namespace

Network drop_training_branches(const Network& network) {
    Network kept = network;
    std::erase_if(kept.graph.outputs, [](const Output& output) { return output.training_only; });
    const std::vector<bool> live = inference_nodes(kept.graph);
    Copier copier(kept);
    for (std::size_t i = 0; i < kept.graph.nodes.size(); ++i) {
        if (live[i]) {
            copier.copy(static_cast<NodeId>(i));
        }
    }
    return copier.finish();
}

Network fold_batch_norm(const Network& network) {
    const auto readers = readers_of(network.graph);
    const auto outputs = is_output(network.graph);
    Copier copier(network);
    // The conv is emitted when its norm is reached; the nodes in between do not depend on it.
    const auto folds_into = [&](NodeId conv) -> std::optional<NodeId> {
        if (network.graph.nodes[conv].op != Op::conv2d || outputs[conv]) {
            return std::nullopt;
        }
        if (readers[conv].size() != 1) {
            return std::nullopt;
        }
        const NodeId norm = readers[conv][0];
        return is_batch_norm(network.graph.nodes[norm]) ? std::optional(norm) : std::nullopt;
    };
    for (std::size_t i = 0; i < network.graph.nodes.size(); ++i) {
        const auto id = static_cast<NodeId>(i);
        const Node& node = network.graph.nodes[i];
        if (folds_into(id)) {
            continue;
        }
        if (!is_batch_norm(node) || folds_into(node.inputs[0]) != id) {
            copier.copy(id);
            continue;
        }
        Node conv = network.graph.nodes[node.inputs[0]];
        FoldedConv folded = fold(conv, node, network.weights);
        const auto channels = static_cast<std::int64_t>(folded.bias.size());
        const auto shape = network.weights.at(conv.parameters[0]).shape;
        conv.parameters = {
            copier.add_weight(node.name + ".folded.weight", std::move(folded.weight), shape),
            copier.add_weight(node.name + ".folded.bias", std::move(folded.bias), {channels})};
        conv.inputs[0] = copier.moved(conv.inputs[0]);
        copier.redirect(id, copier.append(std::move(conv)));
    }
    return copier.finish();
}

Network fold_multiply(const Network& network) {
    const auto readers = readers_of(network.graph);
    const auto outputs = is_output(network.graph);
    const auto folds = [&](NodeId id) {
        if (network.graph.nodes[id].op != Op::multiply || outputs[id]) {
            return false;
        }
        return std::all_of(readers[id].begin(), readers[id].end(), [&](NodeId reader) {
            return network.graph.nodes[reader].op == Op::conv2d;
        });
    };
    Copier copier(network);
    std::set<std::string> added;
    for (std::size_t i = 0; i < network.graph.nodes.size(); ++i) {
        const auto id = static_cast<NodeId>(i);
        const Node& node = network.graph.nodes[i];
        if (folds(id)) {
            copier.redirect(id, copier.moved(node.inputs[0]));
            continue;
        }
        if (node.op != Op::conv2d || !folds(node.inputs[0])) {
            copier.copy(id);
            continue;
        }
        const double value = network.graph.nodes[node.inputs[0]].attributes.value;
        Node conv = node;
        // Heads share their weights over the levels, and so do the scaled weights.
        const std::string name = fmt::format("{}.times.{}", conv.parameters[0], value);
        if (added.insert(name).second) {
            std::vector<float> weight = floats_of(network, conv.parameters[0]);
            scale_channels(weight, {value});
            copier.add_weight(name, std::move(weight),
                              network.weights.at(conv.parameters[0]).shape);
        }
        conv.parameters[0] = name;
        conv.inputs[0] = copier.moved(conv.inputs[0]);
        copier.redirect(id, copier.append(std::move(conv)));
    }
    return copier.finish();
}

Network merge_sibling_convs(const Network& network, std::int64_t max_channels) {
    const Graph& graph = network.graph;
    const auto channels_of = [&](NodeId id) {
        return network.weights.at(graph.nodes[id].parameters[0]).shape[0];
    };
    const auto readers = readers_of(graph);
    const auto is_activated = [&](NodeId id) {
        return std::ranges::any_of(readers[id], [&](NodeId reader) {
            return graph.nodes[reader].op == Op::relu || graph.nodes[reader].op == Op::leaky_relu;
        });
    };
    std::map<SiblingKey, std::vector<NodeId>> groups;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& node = graph.nodes[i];
        if (node.op != Op::conv2d || node.parameters.size() != 2 || node.attributes.groups != 1 ||
            node.attributes.kernel == 1 || is_activated(static_cast<NodeId>(i))) {
            continue;
        }
        const Attributes& a = node.attributes;
        groups[{node.inputs[0], a.kernel, a.stride, a.padding}].push_back(static_cast<NodeId>(i));
    }
    std::map<NodeId, const std::vector<NodeId>*> group_of;
    for (const auto& [key, members] : groups) {
        std::int64_t total = 0;
        for (const NodeId member : members) {
            total += channels_of(member);
        }
        if (members.size() < 2 || total > max_channels) {
            continue;
        }
        for (const NodeId member : members) {
            group_of[member] = &members;
        }
    }
    Copier copier(network);
    std::map<std::string, std::string> merged_names;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const auto id = static_cast<NodeId>(i);
        const auto group = group_of.find(id);
        if (group == group_of.end()) {
            copier.copy(id);
            continue;
        }
        const std::vector<NodeId>& members = *group->second;
        if (members.front() != id) {
            continue;  // emitted with the first node of its group
        }
        std::string name;
        for (const NodeId member : members) {
            name += (name.empty() ? "" : "+") + graph.nodes[member].parameters[0];
        }
        std::int64_t total = 0;
        for (const NodeId member : members) {
            total += channels_of(member);
        }
        if (merged_names.emplace(name, name).second) {
            std::vector<float> weight;
            std::vector<float> bias;
            for (const NodeId member : members) {
                const std::vector<float> w = floats_of(network, graph.nodes[member].parameters[0]);
                const std::vector<float> b = floats_of(network, graph.nodes[member].parameters[1]);
                weight.insert(weight.end(), w.begin(), w.end());
                bias.insert(bias.end(), b.begin(), b.end());
            }
            std::vector<std::int64_t> shape =
                network.weights.at(graph.nodes[id].parameters[0]).shape;
            shape[0] = total;
            copier.add_weight(name, std::move(weight), shape);
            copier.add_weight(name + ".bias", std::move(bias), {total});
        }
        Node conv = graph.nodes[id];
        conv.name += ".merged";
        conv.parameters = {name, name + ".bias"};
        conv.inputs[0] = copier.moved(conv.inputs[0]);
        const NodeId merged = copier.append(std::move(conv));
        int begin = 0;
        for (const NodeId member : members) {
            const int end = begin + static_cast<int>(channels_of(member));
            Node slice{Op::slice, graph.nodes[member].name + ".slice", {merged}, {}, {}};
            slice.attributes.begin = begin;
            slice.attributes.end = end;
            copier.redirect(member, copier.append(std::move(slice)));
            begin = end;
        }
    }
    return copier.finish();
}

Network optimize_for_inference(const Network& network) {
    // Merging is worthwhile for the narrow output convolutions, whose 1 to 16 channels leave vector
    // units idle; merging the 256-channel towers was not in the one run measured
    // (docs/performance.md).
    constexpr std::int64_t kMergedChannels = 128;
    const Network folded = fold_multiply(fold_batch_norm(drop_training_branches(network)));
    return merge_sibling_convs(route_channels(folded), kMergedChannels);
}

}  // namespace embedmask::network
