// The rewrite `route_channels`: channel shuffles become an order of the weights.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "network/copier.h"
#include "network/rewrite.h"

namespace embedmask::network {
namespace {

constexpr int kAnySize = 64;  // channel counts do not depend on the size of the image

/// Where a channel comes from: a node that computes it, and the channel of that node.
struct Source {
    NodeId node = 0;
    std::int64_t channel = 0;
};

using Order = std::vector<std::int64_t>;  // position → channel

bool only_moves_channels(const Node& node) {
    return node.op == Op::concat || node.op == Op::slice || node.op == Op::channel_shuffle;
}

bool is_dense(const Node& node) {
    return node.op == Op::conv2d && node.attributes.groups == 1;
}

// Output channel `order[p]` of a convolution becomes channel p. For depthwise ones, that follows
// from their input.
std::vector<float> with_rows(const std::vector<float>& values, const Order& order) {
    const std::size_t row = values.size() / order.size();
    std::vector<float> result(values.size());
    for (std::size_t p = 0; p < order.size(); ++p) {
        const std::size_t from = static_cast<std::size_t>(order[p]) * row;
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from), row,
                    result.begin() + static_cast<std::ptrdiff_t>(p * row));
    }
    return result;
}

// Input channel `order[p]` of a dense convolution is read at position p. `window` is the size of
// its kernel.
std::vector<float> with_inputs(const std::vector<float>& values, const Order& order,
                               std::size_t window) {
    const std::size_t inputs = order.size();
    std::vector<float> result(values.size());
    for (std::size_t at = 0; at < values.size(); at += inputs * window) {
        for (std::size_t p = 0; p < inputs; ++p) {
            const std::size_t from = at + static_cast<std::size_t>(order[p]) * window;
            std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from), window,
                        result.begin() + static_cast<std::ptrdiff_t>(at + p * window));
        }
    }
    return result;
}

// Follows every channel through concatenations, slices and shuffles to the node that computes it.
// The tensors that convolutions read are then put together anew from ranges of these nodes'
// channels: the channels of a node are sorted by the tensors that read them, so that the ranges are
// few, and the weights on both sides follow.
class Router {
public:
    explicit Router(const Network& network)
        : network_(network),
          nodes_(network.graph.nodes),
          readers_(readers_of(network.graph)),
          outputs_(is_output(network.graph)),
          routes_(nodes_.size()),
          shuffled_(nodes_.size(), false) {
        follow_channels();
    }

    Network run() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const auto id = static_cast<NodeId>(i);
            if (shuffled_[i] && is_used(id)) {
                if (!accepts_any_order(id)) {
                    return network_;
                }
                used_.push_back(id);
            }
        }
        if (used_.empty()) {
            return network_;
        }
        order_sources();
        for (const NodeId id : used_) {
            order_tensor(id);
        }
        Copier copier(network_);
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            emit(copier, static_cast<NodeId>(i));
        }
        return drop_training_branches(copier.finish());
    }

private:
    // A range of consecutive channels of a source, in its new order.
    struct Range {
        NodeId node = 0;
        std::int64_t begin = 0;
        std::int64_t end = 0;
    };

    void follow_channels() {
        const std::vector<Shape> shapes = infer_shapes(network_.graph, kAnySize, kAnySize);
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const Node& node = nodes_[i];
            std::vector<Source>& route = routes_[i];
            if (!only_moves_channels(node)) {
                for (std::int64_t c = 0; c < shapes[i].channels; ++c) {
                    route.push_back({static_cast<NodeId>(i), c});
                }
                continue;
            }
            shuffled_[i] = node.op == Op::channel_shuffle;
            std::vector<Source> all;
            for (const NodeId input : node.inputs) {
                all.insert(all.end(), routes_[input].begin(), routes_[input].end());
                shuffled_[i] = shuffled_[i] || shuffled_[input];
            }
            if (node.op == Op::slice) {
                route.assign(all.begin() + node.attributes.begin,
                             all.begin() + node.attributes.end);
            } else if (node.op == Op::concat) {
                route = std::move(all);
            } else {
                const auto groups = static_cast<std::size_t>(node.attributes.groups);
                const std::size_t size = all.size() / groups;
                for (std::size_t c = 0; c < all.size(); ++c) {
                    route.push_back(all[c % groups * size + c / groups]);
                }
            }
        }
    }

    [[nodiscard]] bool is_used(NodeId id) const {
        return outputs_[id] || std::ranges::any_of(readers_[id], [&](NodeId reader) {
                   return !only_moves_channels(nodes_[reader]);
               });
    }

    // Whether all that read a tensor follow when its channels change places.
    [[nodiscard]] bool accepts_any_order(NodeId id) const {
        const auto is_follower = [&](NodeId reader) {
            const Node& node = nodes_[reader];
            if (only_moves_channels(node) || is_dense(node)) {
                return true;
            }
            return is_depthwise(reader) && !outputs_[reader] &&
                   std::ranges::all_of(readers_[reader],
                                       [&](NodeId next) { return is_dense(nodes_[next]); });
        };
        std::set<std::pair<NodeId, std::int64_t>> seen;
        const bool repeats = std::ranges::any_of(routes_[id], [&](const Source& source) {
            return !seen.insert({source.node, source.channel}).second;
        });
        return !outputs_[id] && !repeats && std::ranges::all_of(readers_[id], is_follower);
    }

    [[nodiscard]] bool is_depthwise(NodeId id) const {
        const Node& node = nodes_[id];
        return node.op == Op::conv2d &&
               node.attributes.groups == static_cast<int>(routes_[id].size()) &&
               routes_[id].size() == routes_[node.inputs[0]].size();
    }

    // The convolution whose rows decide the order of a source's channels, if they can change.
    [[nodiscard]] std::optional<NodeId> producer(NodeId source) const {
        NodeId conv = source;
        if (nodes_[source].op == Op::relu || nodes_[source].op == Op::leaky_relu) {
            conv = nodes_[source].inputs[0];
            if (readers_[conv].size() != 1 || outputs_[conv]) {
                return std::nullopt;
            }
        }
        const bool is_free = is_dense(nodes_[conv]) && !outputs_[source] &&
                             std::ranges::all_of(readers_[source], [&](NodeId reader) {
                                 return only_moves_channels(nodes_[reader]);
                             });
        return is_free && !read_unshuffled_.contains(source) ? std::optional(conv) : std::nullopt;
    }

    // Channels that the same tensors read become neighbours.
    void order_sources() {
        std::map<NodeId, std::vector<std::vector<NodeId>>> tensors;  // for each channel
        for (const NodeId id : used_) {
            for (const Source& source : routes_[id]) {
                auto& lists = tensors[source.node];
                lists.resize(routes_[source.node].size());
                lists[static_cast<std::size_t>(source.channel)].push_back(id);
            }
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (only_moves_channels(nodes_[i]) && !shuffled_[i] &&
                is_used(static_cast<NodeId>(i))) {
                for (const Source& source : routes_[i]) {
                    read_unshuffled_.insert(source.node);
                }
            }
        }
        for (const auto& item : tensors) {
            const auto& lists = item.second;
            Order order(lists.size());
            std::iota(order.begin(), order.end(), 0);
            if (const auto conv = producer(item.first)) {
                std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
                    return lists[static_cast<std::size_t>(a)] < lists[static_cast<std::size_t>(b)];
                });
                rows_[*conv] = order;
            }
            source_orders_[item.first] = std::move(order);
        }
    }

    // The ranges of the sources that a tensor consists of, and the order that they give it.
    void order_tensor(NodeId id) {
        std::map<NodeId, std::map<std::int64_t, std::int64_t>> channels;  // channel → in `id`
        std::vector<NodeId> sources;
        const std::vector<Source>& route = routes_[id];
        for (std::size_t c = 0; c < route.size(); ++c) {
            if (!channels.contains(route[c].node)) {
                sources.push_back(route[c].node);
            }
            channels[route[c].node][route[c].channel] = static_cast<std::int64_t>(c);
        }
        for (const NodeId source : sources) {
            const Order& order = source_orders_[source];
            const auto& wanted = channels[source];
            for (std::size_t p = 0; p < order.size(); ++p) {
                const auto found = wanted.find(order[p]);
                if (found == wanted.end()) {
                    continue;
                }
                const auto position = static_cast<std::int64_t>(p);
                std::vector<Range>& ranges = ranges_[id];
                if (!ranges.empty() && ranges.back().node == source &&
                    ranges.back().end == position) {
                    ++ranges.back().end;
                } else {
                    ranges.push_back({source, position, position + 1});
                }
                tensor_orders_[id].push_back(found->second);
            }
        }
    }

    void emit(Copier& copier, NodeId id) {
        if (ranges_.contains(id)) {
            copier.redirect(id, gathered(copier, id));
            return;
        }
        if (shuffled_[id]) {
            return;  // only others that move channels read it
        }
        const Node& node = nodes_[id];
        const bool has_rows = rows_.contains(id);
        const auto inputs =
            node.inputs.empty() ? tensor_orders_.end() : tensor_orders_.find(node.inputs[0]);
        if (node.op != Op::conv2d || (!has_rows && inputs == tensor_orders_.end())) {
            copier.copy(id);
            return;
        }
        Node conv = node;
        conv.inputs[0] = copier.moved(conv.inputs[0]);
        const std::vector<std::int64_t>& shape = network_.weights.at(conv.parameters[0]).shape;
        std::vector<float> weight = floats_of(network_, conv.parameters[0]);
        std::optional<Order> rows;
        if (has_rows) {
            rows = rows_.at(id);
        } else if (is_depthwise(id)) {
            rows = inputs->second;
            tensor_orders_[id] = *rows;  // so that those that read it follow
        }
        if (inputs != tensor_orders_.end() && is_dense(node)) {
            weight =
                with_inputs(weight, inputs->second, static_cast<std::size_t>(shape[2] * shape[3]));
        }
        if (rows) {
            weight = with_rows(weight, *rows);
            if (conv.parameters.size() > 1) {
                conv.parameters[1] = copier.add_weight(
                    node.name + ".routed.bias",
                    with_rows(floats_of(network_, conv.parameters[1]), *rows), {std::ssize(*rows)});
            }
        }
        conv.parameters[0] =
            copier.add_weight(node.name + ".routed.weight", std::move(weight), shape);
        copier.redirect(id, copier.append(std::move(conv)));
    }

    NodeId gathered(Copier& copier, NodeId id) {
        std::vector<NodeId> parts;
        for (const Range& range : ranges_.at(id)) {
            const NodeId source = copier.moved(range.node);
            if (range.end - range.begin == std::ssize(routes_[range.node])) {
                parts.push_back(source);
                continue;
            }
            Node slice{
                Op::slice,
                fmt::format("{}.from.{}.{}", nodes_[id].name, nodes_[range.node].name, range.begin),
                {source},
                {},
                {}};
            slice.attributes.begin = static_cast<int>(range.begin);
            slice.attributes.end = static_cast<int>(range.end);
            parts.push_back(copier.append(std::move(slice)));
        }
        if (parts.size() == 1) {
            return parts[0];
        }
        return copier.append({Op::concat, nodes_[id].name + ".gathered", parts, {}, {}});
    }

    const Network& network_;
    const std::vector<Node>& nodes_;
    std::vector<std::vector<NodeId>> readers_;
    std::vector<bool> outputs_;
    std::vector<std::vector<Source>> routes_;  // for every node: the source of each channel
    std::vector<bool> shuffled_;               // a shuffle lies between a node and its sources
    std::vector<NodeId> used_;                 // shuffled tensors that are computed with
    std::set<NodeId> read_unshuffled_;         // sources that other tensors read in their order
    std::map<NodeId, Order> source_orders_;
    std::map<NodeId, Order> rows_;           // of convolutions
    std::map<NodeId, Order> tensor_orders_;  // of `used_`, and of depthwise convolutions of them
    std::map<NodeId, std::vector<Range>> ranges_;
};

}  // namespace

Network route_channels(const Network& network) {
    return Router(network).run();
}

}  // namespace embedmask::network
