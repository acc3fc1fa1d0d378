// Helpers of the inference rewrites.
#pragma once

#include <string>
#include <vector>

#include "network/rewrite.h"

namespace embedmask::network {

/// Copies a network node by node; a rewrite overrides the handling of some nodes.
class Copier {
public:
    explicit Copier(const Network& from);

    /// The new number of a node.
    [[nodiscard]] NodeId moved(NodeId old) const { return moved_[old]; }
    void redirect(NodeId old, NodeId now) { moved_[old] = now; }
    NodeId append(Node node);
    /// The node with renumbered inputs.
    void copy(NodeId old);
    /// Adds a parameter that is not trained; returns its name.
    std::string add_weight(const std::string& name, std::vector<float> values,
                           std::vector<std::int64_t> shape);
    /// The new network, without the weights that no node refers to. Outputs of nodes that were not
    /// copied are dropped.
    Network finish();

private:
    void drop_unused();

    const Network& from_;
    Network to_;
    std::vector<NodeId> moved_;
};

/// For every node: the nodes that read it.
std::vector<std::vector<NodeId>> readers_of(const Graph& graph);

/// For every node: whether it is an output of the network.
std::vector<bool> is_output(const Graph& graph);

/// A parameter's values, regardless of their storage type.
std::vector<float> floats_of(const Network& network, const std::string& name);

}  // namespace embedmask::network
