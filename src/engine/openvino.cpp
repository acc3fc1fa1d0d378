// network::Graph → ov::Model, compiled once for any batch, height and width.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>
#include <openvino/opsets/opset13.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/paths.h"
#include "embedmask/error.h"
#include "engine/engine.h"
#include "network/fingerprint.h"

namespace embedmask::engine {
namespace {

namespace op = ov::opset13;
using network::Attributes;
using network::Node;
using network::Op;
using Value = ov::Output<ov::Node>;

// A constant over the memory of the tensor (a mapped file or a buffer), without a copy.
Value constant_over(const Tensor& tensor, const ov::Shape& shape) {
    const auto type = [&]() -> ov::element::Type {
        switch (tensor.dtype) {
            case DType::f32:
                return ov::element::f32;
            case DType::f16:
                return ov::element::f16;
            case DType::bf16:
                return ov::element::bf16;
            default:
                return ov::element::f64;
        }
    }();
    // OpenVINO keeps the last argument for as long as it needs the bytes, which it only reads.
    Value value = std::make_shared<op::Constant>(type, shape, tensor.bytes.data(),
                                                 std::const_pointer_cast<void>(tensor.owner));
    if (type != ov::element::f32) {
        value = std::make_shared<op::Convert>(value, ov::element::f32);
    }
    return value;
}

Value scalar(float value) {
    return op::Constant::create(ov::element::f32, {}, {value});
}

Value integers(const std::vector<std::int64_t>& values) {
    return op::Constant::create(ov::element::i64, {values.size()}, values);
}

// Translates the graph in one pass; one case per op.
class Emitter {
public:
    explicit Emitter(const network::Network& network) : network_(network) {}

    std::shared_ptr<ov::Model> emit() {
        image_ = std::make_shared<op::Parameter>(
            ov::element::f32, ov::PartialShape{-1, network_.graph.input_channels, -1, -1});
        for (const Node& node : network_.graph.nodes) {
            values_.push_back(emit_node(node));
            values_.back().get_node()->set_friendly_name(node.name);
        }
        ov::ResultVector results;
        for (const network::Output& output : network_.graph.outputs) {
            if (output.training_only) {
                continue;
            }
            auto result = std::make_shared<op::Result>(values_[output.node]);
            result->set_friendly_name(output.name);
            result->output(0).get_tensor().add_names({output.name});
            results.push_back(result);
        }
        return std::make_shared<ov::Model>(results, ov::ParameterVector{image_}, "embedmask");
    }

private:
    [[nodiscard]] Value weight(const Node& node, std::size_t i) const {
        const Tensor& tensor = network_.weights.at(node.parameters[i]);
        return constant_over(tensor, ov::Shape(tensor.shape.begin(), tensor.shape.end()));
    }

    // A per-channel vector that broadcasts over (N, C, H, W).
    [[nodiscard]] Value channels(const Node& node, std::size_t i) const {
        const Tensor& tensor = network_.weights.at(node.parameters[i]);
        return constant_over(tensor, {1, static_cast<std::size_t>(tensor.size()), 1, 1});
    }

    Value emit_node(const Node& node) {
        const Attributes& a = node.attributes;
        const auto in = [&](std::size_t i) { return values_[node.inputs[i]]; };
        switch (node.op) {
            case Op::input:
                return image_;
            case Op::conv2d:
                return conv2d(node, in(0));
            case Op::frozen_batch_norm:
            case Op::batch_norm:
                return std::make_shared<op::BatchNormInference>(
                    in(0), weight(node, 0), weight(node, 1), weight(node, 2), weight(node, 3),
                    std::max(a.epsilon, 1e-30));
            case Op::group_norm:
                return std::make_shared<op::GroupNormalization>(
                    in(0), weight(node, 0), weight(node, 1), a.groups, a.epsilon);
            case Op::relu:
                return std::make_shared<op::Relu>(in(0));
            case Op::max_pool:
                return max_pool(a, in(0));
            case Op::add:
                return std::make_shared<op::Add>(in(0), in(1));
            case Op::upsample_nearest:
                return upsample_nearest(a, in(0));
            case Op::resample:
                return resample(a, in(0));
            case Op::learned_scale:
                return std::make_shared<op::Multiply>(in(0), channels(node, 0));
            case Op::exp:
                return std::make_shared<op::Exp>(in(0));
            case Op::multiply:
                return std::make_shared<op::Multiply>(in(0), scalar(static_cast<float>(a.value)));
            case Op::concat: {
                ov::OutputVector parts;
                for (std::size_t i = 0; i < node.inputs.size(); ++i) {
                    parts.push_back(in(i));
                }
                return std::make_shared<op::Concat>(parts, 1);
            }
            case Op::slice:
                return std::make_shared<op::Slice>(in(0), integers({a.begin}), integers({a.end}),
                                                   integers({1}), integers({1}));
            case Op::add_coordinates:
                return add_coordinates(node, in(0));
            case Op::leaky_relu:
                return std::make_shared<op::PRelu>(in(0), scalar(static_cast<float>(a.value)));
            case Op::channel_shuffle:
                return std::make_shared<op::ShuffleChannels>(in(0), 1, a.groups);
            case Op::upsample_bilinear:
                return interpolate(in(0), a.factor, op::Interpolate::InterpolateMode::LINEAR_ONNX,
                                   op::Interpolate::CoordinateTransformMode::HALF_PIXEL);
            case Op::expectation:
                return expectation(node, in(0));
            case Op::product:
                return std::make_shared<op::Multiply>(in(0), in(1));
            case Op::log:
                return std::make_shared<op::Log>(
                    std::make_shared<op::Maximum>(in(0), scalar(static_cast<float>(a.value))));
            case Op::append_coordinates: {
                const Value maps = coordinate_maps(a, in(0));
                return std::make_shared<op::Concat>(
                    ov::OutputVector{in(0), repeat_over_batch(maps, in(0))}, 1);
            }
        }
        throw Error("the OpenVINO engine does not implement the op " +
                    std::string(op_name(node.op)));
    }

    // (O, I/groups, k, k) as (groups, O/groups, I/groups, k, k).
    [[nodiscard]] Value grouped_weight(const Node& node) const {
        const Tensor& tensor = network_.weights.at(node.parameters[0]);
        const auto groups = static_cast<std::size_t>(node.attributes.groups);
        ov::Shape shape(tensor.shape.begin(), tensor.shape.end());
        shape[0] /= groups;
        shape.insert(shape.begin(), groups);
        return constant_over(tensor, shape);
    }

    Value conv2d(const Node& node, const Value& x) const {
        const auto stride = static_cast<std::size_t>(node.attributes.stride);
        const std::ptrdiff_t padding = node.attributes.padding;
        const ov::Strides strides{stride, stride};
        const ov::CoordinateDiff pads{padding, padding};
        const ov::Strides dilations{1, 1};
        Value y;
        if (node.attributes.groups == 1) {
            y = std::make_shared<op::Convolution>(x, weight(node, 0), strides, pads, pads,
                                                  dilations);
        } else {
            y = std::make_shared<op::GroupConvolution>(x, grouped_weight(node), strides, pads, pads,
                                                       dilations);
        }
        if (node.parameters.size() < 2) {
            return y;
        }
        return std::make_shared<op::Add>(y, channels(node, 1));
    }

    static Value max_pool(const Attributes& a, const Value& x) {
        const auto stride = static_cast<std::size_t>(a.stride);
        const auto kernel = static_cast<std::size_t>(a.kernel);
        const auto padding = static_cast<std::size_t>(a.padding);
        return std::make_shared<op::MaxPool>(
            x, ov::Strides{stride, stride}, ov::Strides{1, 1}, ov::Shape{padding, padding},
            ov::Shape{padding, padding}, ov::Shape{kernel, kernel}, ov::op::RoundingType::FLOOR);
    }

    static Value interpolate(const Value& x, int factor, op::Interpolate::InterpolateMode mode,
                             op::Interpolate::CoordinateTransformMode coordinates =
                                 op::Interpolate::CoordinateTransformMode::ASYMMETRIC) {
        op::Interpolate::InterpolateAttrs attributes;
        attributes.mode = mode;
        attributes.shape_calculation_mode = op::Interpolate::ShapeCalcMode::SCALES;
        attributes.coordinate_transformation_mode = coordinates;
        attributes.nearest_mode = op::Interpolate::NearestMode::FLOOR;
        const auto f = static_cast<float>(factor);
        return std::make_shared<op::Interpolate>(
            x, op::Constant::create(ov::element::f32, {2}, {f, f}), integers({2, 3}), attributes);
    }

    static Value upsample_nearest(const Attributes& a, const Value& x) {
        return interpolate(x, a.factor, op::Interpolate::InterpolateMode::NEAREST);
    }

    // §4.9: output i reads max(i − f/2, 0)/f, i.e. plain "asymmetric" upsampling shifted by f/2
    // with its first row and column repeated.
    static Value resample(const Attributes& a, const Value& x) {
        const Value up = interpolate(x, a.factor, op::Interpolate::InterpolateMode::LINEAR_ONNX);
        const int shift = a.factor / 2;
        const Value padded = std::make_shared<op::Pad>(
            up, integers({0, 0, shift, shift}), integers({0, 0, 0, 0}), ov::op::PadMode::EDGE);
        return std::make_shared<op::Slice>(padded, integers({0, 0}), integers({-shift, -shift}),
                                           integers({1, 1}), integers({2, 3}));
    }

    // (stride·i + origin) / divisor for i = 0 .. size−1 as a tensor of `shape` (§4.3);
    // unit range: 2x/size_in_pixels − 1.
    static Value axis(const Attributes& a, const Value& x, std::int64_t dimension,
                      const std::vector<std::int64_t>& shape) {
        const Value size = std::make_shared<op::Gather>(std::make_shared<op::ShapeOf>(x),
                                                        integers({dimension}), integers({0}));
        const Value count = std::make_shared<op::Squeeze>(size, integers({0}));
        const Value zero = op::Constant::create(ov::element::i64, {}, {0});
        const Value one = op::Constant::create(ov::element::i64, {}, {1});
        const Value index = std::make_shared<op::Range>(zero, count, one, ov::element::f32);
        const Value pixels = std::make_shared<op::Add>(
            std::make_shared<op::Multiply>(index, scalar(static_cast<float>(a.stride))),
            scalar(static_cast<float>(a.origin)));
        Value u = std::make_shared<op::Multiply>(pixels, scalar(static_cast<float>(1 / a.value)));
        if (a.unit_range) {
            const Value extent = std::make_shared<op::Multiply>(
                std::make_shared<op::Convert>(size, ov::element::f32),
                scalar(static_cast<float>(a.stride)));
            u = std::make_shared<op::Subtract>(
                std::make_shared<op::Divide>(std::make_shared<op::Multiply>(pixels, scalar(2)),
                                             extent),
                scalar(1));
        }
        return std::make_shared<op::Reshape>(u, integers(shape), false);
    }

    Value expectation(const Node& node, const Value& x) const {
        const std::int64_t groups = node.attributes.groups;
        // Channels are static, the other dimensions are not.
        const std::int64_t bins = x.get_partial_shape()[1].get_length() / groups;
        // 0 keeps the batch size; the last axis is all cells.
        const Value logits =
            std::make_shared<op::Reshape>(x, integers({0, groups, bins, -1}), true);
        std::vector<float> index(static_cast<std::size_t>(bins));
        std::iota(index.begin(), index.end(), 0.0F);
        const Value weighted = std::make_shared<op::Multiply>(
            std::make_shared<op::Softmax>(logits, 2),
            op::Constant::create(ov::element::f32, {1, 1, index.size(), 1}, index));
        const Value mean = std::make_shared<op::ReduceSum>(weighted, integers({2}), false);
        const Value shape = std::make_shared<op::ShapeOf>(x);
        const auto dimensions = [&](const std::vector<std::int64_t>& which) -> Value {
            return std::make_shared<op::Gather>(shape, integers(which), integers({0}));
        };
        const Value target = std::make_shared<op::Concat>(
            ov::OutputVector{dimensions({0}), integers({groups}), dimensions({2, 3})}, 0);
        return std::make_shared<op::Reshape>(mean, target, false);
    }

    // (1, 2, h, w): x then y.
    static Value coordinate_maps(const Attributes& a, const Value& features) {
        const Value shape = std::make_shared<op::ShapeOf>(features);
        const Value plane = std::make_shared<op::Concat>(
            ov::OutputVector{integers({1, 1}),
                             std::make_shared<op::Gather>(shape, integers({2, 3}), integers({0}))},
            0);
        const Value x = std::make_shared<op::Broadcast>(axis(a, features, 3, {1, 1, 1, -1}), plane);
        const Value y = std::make_shared<op::Broadcast>(axis(a, features, 2, {1, 1, -1, 1}), plane);
        return std::make_shared<op::Concat>(ov::OutputVector{x, y}, 1);
    }

    static Value repeat_over_batch(const Value& maps, const Value& features) {
        const Value batch = std::make_shared<op::Gather>(std::make_shared<op::ShapeOf>(features),
                                                         integers({0}), integers({0}));
        return std::make_shared<op::Tile>(
            maps, std::make_shared<op::Concat>(ov::OutputVector{batch, integers({1, 1, 1})}, 0));
    }

    Value add_coordinates(const Node& node, const Value& x) const {
        Value maps = coordinate_maps(node.attributes, x);
        if (!node.parameters.empty()) {
            maps = std::make_shared<op::Multiply>(maps, channels(node, 0));
        }
        return std::make_shared<op::Add>(x, maps);
    }

    const network::Network& network_;
    std::shared_ptr<op::Parameter> image_;
    std::vector<Value> values_;
};

class OpenvinoRequest final : public Request {
public:
    OpenvinoRequest(ov::InferRequest request, const std::vector<std::string>& outputs)
        : request_(std::move(request)) {
        for (const std::string& name : outputs) {
            outputs_[name] = {};
        }
    }

    std::span<float> input(std::int64_t batch, std::int64_t height, std::int64_t width) override {
        ov::Tensor tensor = request_.get_input_tensor();
        const std::size_t channels =
            request_.get_compiled_model().input().get_partial_shape()[1].get_length();
        tensor.set_shape({static_cast<std::size_t>(batch), channels,
                          static_cast<std::size_t>(height), static_cast<std::size_t>(width)});
        return {tensor.data<float>(), tensor.get_size()};
    }

    void start() override { request_.start_async(); }

    void wait() override {
        request_.wait();
        for (auto& [name, tensor] : outputs_) {
            tensor = request_.get_tensor(name);
        }
    }

    [[nodiscard]] TensorView output(std::string_view name) const override {
        const auto found = outputs_.find(name);
        if (found == outputs_.end()) {
            throw Error(fmt::format("the network has no output \"{}\"", name));
        }
        const ov::Tensor& tensor = found->second;
        const ov::Shape& shape = tensor.get_shape();
        const auto dim = [&](std::size_t i) { return static_cast<std::int64_t>(shape[i]); };
        return {{tensor.data<const float>(), tensor.get_size()}, dim(0), dim(1), dim(2), dim(3)};
    }

private:
    ov::InferRequest request_;
    std::map<std::string, ov::Tensor, std::less<>> outputs_;
};

bool has_bf16(ov::Core& core) {
    const auto capabilities = core.get_property("CPU", ov::device::capabilities);
    return std::ranges::find(capabilities, ov::device::capability::BF16) != capabilities.end();
}

class OpenvinoEngine final : public Engine {
public:
    OpenvinoEngine(const network::Network& network, const Options& options)
        : OpenvinoEngine(options) {
        compiled_ = core_.compile_model(Emitter(network).emit(), "CPU", properties_);
        name_outputs();
    }

    /// Loads a file written by `save`. The network's weights stay in the mapped file.
    OpenvinoEngine(std::unique_ptr<detail::MappedFile> saved, const Options& options)
        : OpenvinoEngine(options) {
        saved_ = std::move(saved);
        const std::span<const std::byte> bytes = saved_->bytes();
        const ov::Tensor blob(ov::element::u8, {bytes.size()},
                              const_cast<std::byte*>(bytes.data()));
        compiled_ = core_.import_model(blob, "CPU", properties_);
        name_outputs();
    }

    void save(const std::filesystem::path& path) {
        std::ostringstream blob;
        compiled_.export_model(blob);
        detail::write_file_atomically(path, blob.view());
    }

    /// The conditions, in addition to the network, for reusing a saved one.
    [[nodiscard]] std::string surroundings() {
        constexpr int kRewrites = 2;  // counts changes of the inference rewrites
        return fmt::format("{} {} {} {} {} {}", kRewrites, name_of(precision_), streams_, threads_,
                           ov::get_openvino_version().buildNumber,
                           core_.get_property("CPU", ov::device::full_name));
    }

    explicit OpenvinoEngine(const Options& options) {
        const bool bf16 = chooses_bf16(options.precision, has_bf16(core_));
        precision_ = bf16 ? Precision::bf16 : Precision::fp32;
        streams_ = std::max(options.streams, 1);
        threads_ = options.threads > 0 ? options.threads : detail::available_processors();
        properties_ = {
            ov::hint::inference_precision(bf16 ? ov::element::bf16 : ov::element::f32),
            ov::num_streams(ov::streams::Num(streams_)),
            ov::inference_num_threads(threads_),
            ov::hint::enable_cpu_pinning(false),
            // Each new image size adds prepared kernels; this bounds how many are kept.
            {"CPU_RUNTIME_CACHE_CAPACITY", "200"},
        };
    }

    std::unique_ptr<Request> create_request() override {
        return std::make_unique<OpenvinoRequest>(compiled_.create_infer_request(), outputs_);
    }
    [[nodiscard]] int streams() const override { return streams_; }
    [[nodiscard]] Precision precision() const override { return precision_; }

private:
    void name_outputs() {
        for (const auto& output : compiled_.outputs()) {
            outputs_.push_back(output.get_any_name());
        }
    }

    std::unique_ptr<detail::MappedFile> saved_;  // outlives everything that reads from it
    ov::Core core_;
    ov::AnyMap properties_;
    ov::CompiledModel compiled_;
    std::vector<std::string> outputs_;
    Precision precision_ = Precision::fp32;
    int streams_ = 1;
    int threads_ = 1;
};

// The saved network at `path`, or nothing if there is no usable one.
std::unique_ptr<Engine> read_saved(const std::filesystem::path& path, const Options& options) {
    if (!detail::path_exists(path)) {
        return nullptr;
    }
    try {
        return std::make_unique<OpenvinoEngine>(std::make_unique<detail::MappedFile>(path),
                                                options);
    } catch (const std::exception&) {
        return nullptr;  // damaged: compiled and written again
    }
}

}  // namespace

bool cpu_has_bf16() {
    ov::Core core;
    return has_bf16(core);
}

bool chooses_bf16(Precision precision, bool native) {
    if (precision == Precision::bf16 && !native) {
        throw Error(
            "PredictorOptions::precision: bf16: this CPU supports neither AMX nor AVX512-BF16",
            "use fp32 or auto", ErrorKind::unsupported);
    }
    return native && precision != Precision::fp32;
}

std::unique_ptr<Engine> make_inference_engine(const network::Network& network,
                                              const Options& options) {
    if (options.cache.empty()) {
        return make_openvino_engine(network::optimize_for_inference(network), options);
    }
    try {
        const std::string surroundings = OpenvinoEngine(options).surroundings();
        const std::filesystem::path path =
            options.cache / fmt::format("{:016x}-{:016x}.network", network::fingerprint(network),
                                        std::hash<std::string>{}(surroundings));
        if (auto saved = read_saved(path, options)) {
            return saved;
        }
        auto engine =
            std::make_unique<OpenvinoEngine>(network::optimize_for_inference(network), options);
        detail::make_folder(options.cache);
        engine->save(path);
        return engine;
    } catch (const ov::Exception& error) {
        throw Error(fmt::format("OpenVINO could not compile the network: {}", error.what()));
    }
}

std::unique_ptr<Engine> make_openvino_engine(const network::Network& network,
                                             const Options& options) {
    try {
        return std::make_unique<OpenvinoEngine>(network, options);
    } catch (const ov::Exception& error) {
        throw Error(fmt::format("OpenVINO could not compile the network: {}", error.what()));
    }
}

}  // namespace embedmask::engine
