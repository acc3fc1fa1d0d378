#include "network/builder.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace embedmask::network {

ConvInit ConvInit::kaiming(std::int64_t fan_in) {
    return {{Init::Kind::uniform, std::sqrt(3.0 / static_cast<double>(fan_in))}, 0};
}

ConvInit ConvInit::head(double bias) {
    return {{Init::Kind::normal, 0.01}, bias};
}

Builder::Builder(std::int64_t input_channels) {
    graph_.input_channels = input_channels;
    graph_.nodes.push_back({Op::input, "image", {}, {}, {}});
}

void Builder::parameter(const std::string& name, std::vector<std::int64_t> shape, Init init,
                        bool trainable, bool buffer) {
    graph_.parameters.push_back({name, std::move(shape), init, trainable, buffer});
}

void Builder::declare_conv(const std::string& name, std::int64_t in, std::int64_t out, int kernel,
                           bool bias, const ConvInit& init, bool trainable) {
    parameter(name + ".weight", {out, in, kernel, kernel}, init.weight, trainable);
    if (bias) {
        parameter(name + ".bias", {out}, {Init::Kind::constant, init.bias}, trainable);
    }
}

void Builder::declare_frozen_batch_norm(const std::string& name, std::int64_t channels) {
    parameter(name + ".weight", {channels}, {Init::Kind::ones}, false, true);
    parameter(name + ".bias", {channels}, {Init::Kind::zeros}, false, true);
    parameter(name + ".running_mean", {channels}, {Init::Kind::zeros}, false, true);
    parameter(name + ".running_var", {channels}, {Init::Kind::ones}, false, true);
}

void Builder::declare_batch_norm(const std::string& name, std::int64_t channels) {
    parameter(name + ".weight", {channels}, {Init::Kind::ones});
    parameter(name + ".bias", {channels}, {Init::Kind::zeros});
    parameter(name + ".running_mean", {channels}, {Init::Kind::zeros}, false, true);
    parameter(name + ".running_var", {channels}, {Init::Kind::ones}, false, true);
    parameter(name + ".num_batches_tracked", {}, {Init::Kind::zeros}, false, true);
}

void Builder::declare_group_norm(const std::string& name, std::int64_t channels) {
    parameter(name + ".weight", {channels}, {Init::Kind::ones});
    parameter(name + ".bias", {channels}, {Init::Kind::zeros});
}

void Builder::declare_scale(const std::string& name) {
    parameter(name + ".scale", {1}, {Init::Kind::ones});
}

void Builder::finish_detector() {
    graph_.detector_parameters = graph_.parameters.size();
}

void Builder::freeze() {
    for (Parameter& declared : graph_.parameters) {
        declared.trainable = false;
    }
}

NodeId Builder::node(Op op, std::vector<NodeId> inputs, std::vector<std::string> parameters,
                     const Attributes& attributes, const std::string& label) {
    const auto id = static_cast<NodeId>(graph_.nodes.size());
    const std::string name =
        label.empty() ? fmt::format("{}.{}", op_name(op), id) : fmt::format("{}.{}", label, id);
    graph_.nodes.push_back({op, name, std::move(inputs), std::move(parameters), attributes});
    return id;
}

NodeId Builder::conv(NodeId x, const std::string& name, int stride, int groups) {
    const Parameter& weight = graph_.parameter(name + ".weight");
    const int kernel = static_cast<int>(weight.shape[2]);
    std::vector<std::string> parameters = {weight.name};
    for (const Parameter& p : graph_.parameters) {
        if (p.name == name + ".bias") {
            parameters.push_back(p.name);
        }
    }
    return node(Op::conv2d, {x}, parameters,
                {.kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = groups},
                name);
}

NodeId Builder::frozen_batch_norm(NodeId x, const std::string& name, double epsilon) {
    return node(Op::frozen_batch_norm, {x},
                {name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"},
                {.epsilon = epsilon}, name);
}

NodeId Builder::batch_norm(NodeId x, const std::string& name) {
    return node(Op::batch_norm, {x},
                {name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"},
                {.epsilon = 1e-5}, name);
}

NodeId Builder::group_norm(NodeId x, const std::string& name, int groups) {
    return node(Op::group_norm, {x}, {name + ".weight", name + ".bias"},
                {.groups = groups, .epsilon = 1e-5}, name);
}

NodeId Builder::relu(NodeId x) {
    return node(Op::relu, {x});
}

NodeId Builder::leaky_relu(NodeId x, double slope) {
    return node(Op::leaky_relu, {x}, {}, {.value = slope});
}

NodeId Builder::max_pool(NodeId x, int kernel, int stride, int padding) {
    return node(Op::max_pool, {x}, {}, {.kernel = kernel, .stride = stride, .padding = padding});
}

NodeId Builder::add(NodeId a, NodeId b) {
    return node(Op::add, {a, b});
}

NodeId Builder::product(NodeId a, NodeId b) {
    return node(Op::product, {a, b});
}

NodeId Builder::upsample_nearest(NodeId x, int factor) {
    return node(Op::upsample_nearest, {x}, {}, {.factor = factor});
}

NodeId Builder::upsample_bilinear(NodeId x, int factor) {
    return node(Op::upsample_bilinear, {x}, {}, {.factor = factor});
}

NodeId Builder::resample(NodeId x, int factor) {
    return node(Op::resample, {x}, {}, {.factor = factor});
}

NodeId Builder::learned_scale(NodeId x, const std::string& name) {
    return node(Op::learned_scale, {x}, {name + ".scale"}, {}, name);
}

NodeId Builder::exp(NodeId x) {
    return node(Op::exp, {x});
}

NodeId Builder::log(NodeId x, double floor) {
    return node(Op::log, {x}, {}, {.value = floor});
}

NodeId Builder::multiply(NodeId x, double value) {
    return value == 1 ? x : node(Op::multiply, {x}, {}, {.value = value});
}

NodeId Builder::concat(const std::vector<NodeId>& parts) {
    assert(!parts.empty());
    return parts.size() == 1 ? parts[0] : node(Op::concat, parts);
}

NodeId Builder::slice(NodeId x, int begin, int end) {
    return node(Op::slice, {x}, {}, {.begin = begin, .end = end});
}

NodeId Builder::channel_shuffle(NodeId x, int groups) {
    return node(Op::channel_shuffle, {x}, {}, {.groups = groups});
}

NodeId Builder::expectation(NodeId x, int groups) {
    return node(Op::expectation, {x}, {}, {.groups = groups});
}

NodeId Builder::add_coordinates(NodeId x, const std::string& scale, const Grid& grid,
                                double divisor) {
    std::vector<std::string> parameters;
    if (!scale.empty()) {
        parameters.push_back(scale + ".scale");
    }
    return node(Op::add_coordinates, {x}, parameters,
                {.stride = grid.stride, .origin = grid.origin, .value = divisor});
}

NodeId Builder::append_coordinates(NodeId x, const Grid& grid, double divisor, bool unit_range) {
    return node(
        Op::append_coordinates, {x}, {},
        {.stride = grid.stride, .origin = grid.origin, .value = divisor, .unit_range = unit_range});
}

void Builder::output(const std::string& name, NodeId node, bool training_only) {
    graph_.outputs.push_back({name, node, training_only});
}

}  // namespace embedmask::network
