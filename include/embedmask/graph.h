/// The network as a plain value: what every engine, exporter and trainer walks.
///
/// All tensors are float32, NCHW. Batch, height and width are free; height and width of the input
/// are multiples of 32 (spec §2.5). A Graph owns no weights. Reading from several threads is safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/config.h"
#include "embedmask/export.h"

namespace embedmask::network {

enum class Op {
    input,              ///< the image batch (N, Graph::input_channels, H, W)
    conv2d,             ///< parameters: weight (O,I,k,k), optional bias (O); stride, padding
    frozen_batch_norm,  ///< weight, bias, running_mean, running_var (C): constants; epsilon (§3.2)
    batch_norm,         ///< as above but trained, statistics of the batch while training; epsilon
    group_norm,         ///< weight, bias (C); groups, epsilon
    relu,
    max_pool,          ///< kernel, stride, padding
    add,               ///< two inputs of one shape
    upsample_nearest,  ///< factor
    resample,          ///< aligned bilinear by an integer factor (§4.9)
    learned_scale,     ///< parameter scale (1): y = scale * x
    exp,
    multiply,            ///< y = value * x
    concat,              ///< along the channels
    slice,               ///< channels [begin, end)
    add_coordinates,     ///< (N,2,h,w) + λ·u/value; optional parameter λ (1); stride (§4.3)
    append_coordinates,  ///< (N,C,h,w) → (N,C+2,h,w): CoordConv; stride, value, unit_range (§9.4)
};

/// The op's name as written in messages and drawings, e.g. "conv2d".
EMBEDMASK_EXPORT std::string_view op_name(Op op);

/// Settings of a node; which ones an op reads is said at Op.
struct Attributes {
    int kernel = 0;
    int stride = 1;
    int padding = 0;
    int factor = 1;
    int groups = 1;
    int begin = 0;
    int end = 0;
    double epsilon = 0;
    double value = 1;
    bool unit_range = false;

    bool operator==(const Attributes&) const = default;
};

using NodeId = int;  ///< index into Graph::nodes

struct Node {
    Op op = Op::input;
    std::string name;                     ///< unique, for messages
    std::vector<NodeId> inputs;           ///< always earlier nodes
    std::vector<std::string> parameters;  ///< in the order given at Op
    Attributes attributes;
};

/// How a parameter starts when it is trained from scratch (§3.4, §4.5).
struct Init {
    enum class Kind { zeros, ones, constant, normal, uniform };
    Kind kind = Kind::zeros;
    double value = 0;  ///< the constant, the standard deviation, or the half width

    bool operator==(const Init&) const = default;
};

struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
    Init init;
    bool trainable = true;  ///< false: frozen (§3.3), or a buffer
    bool buffer = false;    ///< batch-norm constants and statistics: not counted as parameters
};

struct Output {
    std::string name;  ///< see `output_name`
    NodeId node = 0;
    bool training_only = false;
};

struct EMBEDMASK_EXPORT Graph {
    std::vector<Node> nodes;            ///< topological order; node 0 is the input
    std::vector<Parameter> parameters;  ///< registration (state-dict) order
    std::vector<Output> outputs;
    std::int64_t input_channels = 3;  ///< of the image batch

    [[nodiscard]] const Parameter& parameter(std::string_view name) const;
    [[nodiscard]] bool has_output(std::string_view name) const;
};

/// The tensors that leave the heads (§4.7). Per level l = 0..4 ("P3".."P7"): `class_logits.P3`
/// (N,C,h,w), `box.P3` (N,4,h,w), `centerness.P3` (N,1,h,w), `embedding.P3` (N,D,h,w), `margin.P3`
/// (N,D,h,w); once `pixel_embedding` (N,D,H/8,W/8). Training adds `margin_logits.P3` (g of §4.2)
/// and, when switched on, `semantic_logits`.
EMBEDMASK_EXPORT std::string output_name(std::string_view kind, int level);

/// Builds the network of `config` (§3, §4): every preset and ablation is another graph.
EMBEDMASK_EXPORT Graph embedmask(const Config& config);

/// Sizes of a graph's parameters (§1.4); buffers are counted apart.
struct ParameterCount {
    std::int64_t total = 0;
    std::int64_t trainable = 0;
    std::int64_t tensors = 0;
    std::int64_t trainable_tensors = 0;
    std::int64_t buffer_values = 0;
};
EMBEDMASK_EXPORT ParameterCount count_parameters(const Graph& graph);

/// Shape (C, H, W) of every node's output for an input of `height` x `width`.
struct Shape {
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;

    bool operator==(const Shape&) const = default;
};
EMBEDMASK_EXPORT std::vector<Shape> infer_shapes(const Graph& graph, std::int64_t height,
                                                 std::int64_t width);

/// Multiply-accumulates of the convolutions of one image, training-only branches left out (§1.5).
EMBEDMASK_EXPORT std::int64_t count_macs(const Graph& graph, std::int64_t height,
                                         std::int64_t width);

}  // namespace embedmask::network
