#include "network/live.h"

namespace embedmask::network {

std::vector<bool> inference_nodes(const Graph& graph) {
    std::vector<bool> live(graph.nodes.size(), false);
    live[0] = true;
    for (const Output& output : graph.outputs) {
        if (!output.training_only) {
            live[output.node] = true;
        }
    }
    // Inputs are always earlier nodes, so one backward pass is sufficient.
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
        if (!live[i]) {
            continue;
        }
        for (const NodeId input : graph.nodes[i].inputs) {
            live[input] = true;
        }
    }
    return live;
}

}  // namespace embedmask::network
