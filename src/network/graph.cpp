#include "embedmask/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>

#include "embedmask/error.h"
#include "network/live.h"

namespace embedmask::network {
namespace {

std::int64_t values_of(const Parameter& p) {
    return std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t window_count(std::int64_t size, const Attributes& a) {
    return (size + 2 * a.padding - a.kernel) / a.stride + 1;
}

}  // namespace

std::string_view op_name(Op op) {
    switch (op) {
        case Op::input:
            return "input";
        case Op::conv2d:
            return "conv2d";
        case Op::frozen_batch_norm:
            return "frozen_batch_norm";
        case Op::batch_norm:
            return "batch_norm";
        case Op::group_norm:
            return "group_norm";
        case Op::relu:
            return "relu";
        case Op::max_pool:
            return "max_pool";
        case Op::add:
            return "add";
        case Op::upsample_nearest:
            return "upsample_nearest";
        case Op::resample:
            return "resample";
        case Op::learned_scale:
            return "learned_scale";
        case Op::exp:
            return "exp";
        case Op::multiply:
            return "multiply";
        case Op::concat:
            return "concat";
        case Op::slice:
            return "slice";
        case Op::add_coordinates:
            return "add_coordinates";
        case Op::append_coordinates:
            return "append_coordinates";
        case Op::leaky_relu:
            return "leaky_relu";
        case Op::channel_shuffle:
            return "channel_shuffle";
        case Op::upsample_bilinear:
            return "upsample_bilinear";
        case Op::expectation:
            return "expectation";
        case Op::product:
            return "product";
        case Op::log:
            return "log";
    }
    return "unknown";
}

const Parameter& Graph::parameter(std::string_view name) const {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter& p) { return p.name == name; });
    if (found == parameters.end()) {
        throw Error(fmt::format("no parameter named {}", name));
    }
    return *found;
}

bool Graph::has_output(std::string_view name) const {
    return std::any_of(outputs.begin(), outputs.end(),
                       [&](const Output& output) { return output.name == name; });
}

std::string output_name(std::string_view kind, int level) {
    return fmt::format("{}.P{}", kind, level + 3);
}

ParameterCount count_parameters(const Graph& graph) {
    ParameterCount count;
    for (const Parameter& p : graph.parameters) {
        const std::int64_t values = values_of(p);
        if (p.buffer) {
            count.buffer_values += values;
            continue;
        }
        count.total += values;
        ++count.tensors;
        if (p.trainable) {
            count.trainable += values;
            ++count.trainable_tensors;
        }
    }
    return count;
}

std::vector<Shape> infer_shapes(const Graph& graph, std::int64_t height, std::int64_t width) {
    std::vector<Shape> shapes;
    shapes.reserve(graph.nodes.size());
    for (const Node& node : graph.nodes) {
        Shape shape = node.inputs.empty() ? Shape{graph.input_channels, height, width}
                                          : shapes[node.inputs[0]];
        const Attributes& a = node.attributes;
        switch (node.op) {
            case Op::conv2d:
                shape.channels = graph.parameter(node.parameters[0]).shape[0];
                [[fallthrough]];
            case Op::max_pool:
                shape.height = window_count(shape.height, a);
                shape.width = window_count(shape.width, a);
                break;
            case Op::upsample_nearest:
            case Op::upsample_bilinear:
            case Op::resample:
                shape.height *= a.factor;
                shape.width *= a.factor;
                break;
            case Op::concat:
                shape.channels = 0;
                for (const NodeId input : node.inputs) {
                    shape.channels += shapes[input].channels;
                }
                break;
            case Op::slice:
                shape.channels = a.end - a.begin;
                break;
            case Op::append_coordinates:
                shape.channels += 2;
                break;
            case Op::expectation:
                shape.channels = a.groups;
                break;
            case Op::add:
            case Op::product:
                if (shapes[node.inputs[0]] != shapes[node.inputs[1]]) {
                    throw Error(
                        fmt::format("{}: inputs have different shapes for an image of {}x{}",
                                    node.name, height, width),
                        "height and width must be multiples of 32");
                }
                break;
            default:
                break;
        }
        shapes.push_back(shape);
    }
    return shapes;
}

std::int64_t count_macs(const Graph& graph, std::int64_t height, std::int64_t width) {
    const std::vector<Shape> shapes = infer_shapes(graph, height, width);
    const std::vector<bool> live = inference_nodes(graph);
    std::int64_t macs = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& node = graph.nodes[i];
        if (!live[i] || node.op != Op::conv2d) {
            continue;
        }
        macs += values_of(graph.parameter(node.parameters[0])) * shapes[i].height * shapes[i].width;
    }
    return macs;
}

}  // namespace embedmask::network
