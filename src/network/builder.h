// Builds a Graph in the style of a paper: declare modules, then call them.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "embedmask/graph.h"

namespace embedmask::network {

/// Initialisation of a convolution's weight; biases have a separate constant.
struct ConvInit {
    Init weight;
    double bias = 0;
    static ConvInit kaiming(std::int64_t fan_in);  ///< uniform ±sqrt(3/fan_in) (§3.4)
    static ConvInit head(double bias = 0);         ///< N(0, 0.01²) (§4.5)
};

/// The locations of a feature map: cell i is at pixel stride·i + origin.
struct Grid {
    int stride = 1;
    int origin = 0;

    /// Locations at cell centres; half of an odd stride is rounded down by definition (§4.3).
    static Grid centered(int stride) { return {stride, stride / 2}; }
};

/// Declaring a module registers its parameters, in state-dict order; calling it adds a node that
/// uses them. A module may be called on several levels, which is how the heads share their weights.
class Builder {
public:
    explicit Builder(std::int64_t input_channels = 3);

    [[nodiscard]] NodeId input() const { return 0; }

    /// `in`: the channels that an output channel reads, which are those of one group.
    void declare_conv(const std::string& name, std::int64_t in, std::int64_t out, int kernel,
                      bool bias, const ConvInit& init, bool trainable = true);
    void declare_frozen_batch_norm(const std::string& name, std::int64_t channels);
    void declare_batch_norm(const std::string& name, std::int64_t channels);
    void declare_group_norm(const std::string& name, std::int64_t channels);
    void declare_scale(const std::string& name);

    /// What is declared so far is the detector.
    void finish_detector();

    /// No parameter that is declared so far is trained.
    void freeze();

    /// padding = kernel / 2
    NodeId conv(NodeId x, const std::string& name, int stride = 1, int groups = 1);
    NodeId frozen_batch_norm(NodeId x, const std::string& name, double epsilon);
    NodeId batch_norm(NodeId x, const std::string& name);
    NodeId group_norm(NodeId x, const std::string& name, int groups);
    NodeId relu(NodeId x);
    NodeId leaky_relu(NodeId x, double slope);
    NodeId max_pool(NodeId x, int kernel, int stride, int padding);
    NodeId add(NodeId a, NodeId b);
    NodeId product(NodeId a, NodeId b);
    NodeId upsample_nearest(NodeId x, int factor);
    NodeId upsample_bilinear(NodeId x, int factor);
    NodeId resample(NodeId x, int factor);
    NodeId learned_scale(NodeId x, const std::string& name);
    NodeId exp(NodeId x);
    /// Natural logarithm of max(x, floor).
    NodeId log(NodeId x, double floor);
    NodeId multiply(NodeId x, double value);
    NodeId concat(const std::vector<NodeId>& parts);
    NodeId slice(NodeId x, int begin, int end);
    NodeId channel_shuffle(NodeId x, int groups);
    /// The expected bin of each of `groups` distributions.
    NodeId expectation(NodeId x, int groups);
    /// `scale` is the name of the module of λ, empty for none.
    NodeId add_coordinates(NodeId x, const std::string& scale, const Grid& grid, double divisor);
    NodeId append_coordinates(NodeId x, const Grid& grid, double divisor, bool unit_range);

    void output(const std::string& name, NodeId node, bool training_only = false);

    Graph finish() { return std::move(graph_); }

private:
    void parameter(const std::string& name, std::vector<std::int64_t> shape, Init init,
                   bool trainable = true, bool buffer = false);
    NodeId node(Op op, std::vector<NodeId> inputs, std::vector<std::string> parameters = {},
                const Attributes& attributes = {}, const std::string& label = {});

    Graph graph_;
};

}  // namespace embedmask::network
