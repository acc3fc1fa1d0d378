/// @file
/// The network as a plain value, from which engines, exporters and the trainer are built.
///
/// All tensors are float32, NCHW. Batch, height and width are dynamic; height and width of the
/// input are multiples of 32 (§2.5). A Graph has no weights. Reading from several threads is safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedmask/config.h"
#include "embedmask/export.h"

namespace embedmask::network {

/// The operations of a network, with their parameters and attributes.
enum class Op {
    input,  ///< the image batch (N, Graph::input_channels, H, W)
    /// parameters: weight (O,I/groups,k,k), optional bias (O); stride, padding, groups
    conv2d,
    frozen_batch_norm,  ///< weight, bias, running_mean, running_var (C), constant; epsilon (§3.2)
    batch_norm,         ///< the same, trained, with batch statistics while training; epsilon
    group_norm,         ///< weight, bias (C); groups, epsilon
    relu,               ///< max(0, x)
    max_pool,           ///< kernel, stride, padding
    add,                ///< two inputs of equal shape
    upsample_nearest,   ///< factor
    resample,           ///< aligned bilinear by an integer factor (§4.9)
    learned_scale,      ///< parameter scale (1): y = scale * x
    exp,                ///< e^x
    multiply,           ///< by a constant: y = value * x
    concat,             ///< along the channel axis
    slice,              ///< channels [begin, end)
    /// (N,2,h,w) + λ·u/value, optional parameter λ (1), u = stride·cell + origin (§4.3); stride,
    /// origin
    add_coordinates,
    /// (N,C,h,w) → (N,C+2,h,w): CoordConv (§9.4); stride, origin, value, unit_range
    append_coordinates,
    leaky_relu,         ///< x if positive, else value * x
    channel_shuffle,    ///< channel i of group g becomes channel i * groups + g; groups
    upsample_bilinear,  ///< by an integer factor; half-pixel centres, edges repeated
    expectation,        ///< (N,groups*B,h,w) → (N,groups,h,w): sum over bins k of k * softmax
    product,            ///< of two inputs of equal shape, element by element
    log,                ///< ln max(x, value)
};

/// The name of an op, for example "conv2d".
EMBEDMASK_EXPORT std::string_view op_name(Op op);

/// Attributes of a node; Op tells which ones an op reads.
struct Attributes {
    int kernel = 0;           ///< side of a square window
    int stride = 1;           ///< of the window, or pixels per cell for coordinates
    int origin = 0;           ///< pixels from the corner of a cell to its location
    int padding = 0;          ///< on every side
    int factor = 1;           ///< of upsampling
    int groups = 1;           ///< of convolution, group norm, shuffle, expectation
    int begin = 0;            ///< first channel
    int end = 0;              ///< one past the last channel
    double epsilon = 0;       ///< added to the variance
    double value = 1;         ///< a constant factor or divisor
    bool unit_range = false;  ///< coordinates from -1 to 1

    bool operator==(const Attributes&) const = default;
};

/// Index into Graph::nodes.
using NodeId = int;

/// One operation.
struct Node {
    Op op = Op::input;                    ///< what it computes
    std::string name;                     ///< unique, for messages
    std::vector<NodeId> inputs;           ///< earlier nodes
    std::vector<std::string> parameters;  ///< names, in the order given at Op
    Attributes attributes;                ///< those that the op reads
};

/// Initial value of a parameter when training from scratch (§3.4, §4.5).
struct Init {
    /// Distributions.
    enum class Kind {
        zeros,     ///< 0
        ones,      ///< 1
        constant,  ///< `value`
        normal,    ///< mean 0, standard deviation `value`
        uniform,   ///< from -`value` to `value`
    };
    Kind kind = Kind::zeros;  ///< the distribution
    double value = 0;         ///< the constant, the standard deviation, or the half width

    bool operator==(const Init&) const = default;
};

/// A tensor of weights or constants.
struct Parameter {
    std::string name;                 ///< unique (§4.6)
    std::vector<std::int64_t> shape;  ///< as in Op
    Init init;                        ///< when training from scratch
    bool trainable = true;            ///< false: frozen (§3.3), or a buffer
    bool buffer = false;  ///< batch norm constants and statistics; not counted as a parameter
};

/// A named output.
struct Output {
    std::string name;            ///< see `output_name`
    NodeId node = 0;             ///< that computes it
    bool training_only = false;  ///< not needed for inference
};

/// A network.
struct EMBEDMASK_EXPORT Graph {
    std::vector<Node> nodes;              ///< in topological order; node 0 is the input
    std::vector<Parameter> parameters;    ///< in registration (state dict) order
    std::vector<Output> outputs;          ///< see `output_name`
    std::int64_t input_channels = 3;      ///< of the image batch
    std::size_t detector_parameters = 0;  ///< the first ones, which belong to the detector

    /// The parameter with this name. Error if there is none.
    [[nodiscard]] const Parameter& parameter(std::string_view name) const;
    /// Whether an output has this name.
    [[nodiscard]] bool has_output(std::string_view name) const;
};

/// The name of an output (§4.7). Per level l from 0 ("P3") on: `class_logits.P3` (N,C,h,w),
/// `box.P3` (N,4,h,w), `centerness.P3` (N,1,h,w; FCOS), `embedding.P3` (N,D,h,w), `margin.P3`
/// (N,D,h,w); and once `pixel_embedding` (N,D,H/s,W/s) with s = `pixel_stride`. Training adds
/// `margin_logits.P3` (g of §4.2), `box_bins.P3` (N,4·bins,h,w; NanoDet-Plus) and, if enabled,
/// `semantic_logits`.
EMBEDMASK_EXPORT std::string output_name(std::string_view kind, int level);

/// Builds the network of a configuration (§3, §4). Every preset and ablation is a different graph.
EMBEDMASK_EXPORT Graph embedmask(const Config& config);

/// Sizes of the parameters of a graph (§1.4), without buffers.
struct ParameterCount {
    std::int64_t total = 0;              ///< values
    std::int64_t trainable = 0;          ///< values that are trained
    std::int64_t tensors = 0;            ///< tensors
    std::int64_t trainable_tensors = 0;  ///< tensors that are trained
    std::int64_t buffer_values = 0;      ///< values of buffers
};
/// Counts the parameters.
EMBEDMASK_EXPORT ParameterCount count_parameters(const Graph& graph);

/// Shape of the output of a node for one image.
struct Shape {
    std::int64_t channels = 0;  ///< C
    std::int64_t height = 0;    ///< H
    std::int64_t width = 0;     ///< W

    bool operator==(const Shape&) const = default;
};
/// Output shapes of all nodes for an input of height x width, both multiples of 32 (Error
/// otherwise).
EMBEDMASK_EXPORT std::vector<Shape> infer_shapes(const Graph& graph, std::int64_t height,
                                                 std::int64_t width);

/// Multiply-accumulate operations of the convolutions for one image, without training-only branches
/// (§1.5).
EMBEDMASK_EXPORT std::int64_t count_macs(const Graph& graph, std::int64_t height,
                                         std::int64_t width);

}  // namespace embedmask::network
