#include "train/network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <algorithm>

#include "embedmask/error.h"
#include "train/resample.h"
#include "train/tensors.h"

namespace embedmask::train {

using network::Node;
using network::NodeId;
using network::Op;
using torch::Tensor;

struct Network::Plan {
    NodeId last_use = 0;      // last node that needs the value
    int users = 0;            // number of nodes and outputs that read it
    NodeId folded_norm = -1;  // for a convolution: the frozen batch norm folded into it
    bool passes_on = false;   // for such a batch norm: passes its input through
    bool in_place = false;    // can run in place
    bool inference = true;    // an output that is not training-only needs it
};

namespace {

bool overwrites(const Node& node) {
    return node.op == Op::relu || node.op == Op::leaky_relu;
}

Tensor initial(const network::Parameter& parameter, at::Generator& random) {
    using Kind = network::Init::Kind;
    const auto options = torch::TensorOptions().dtype(torch::kFloat32);
    switch (parameter.init.kind) {
        case Kind::ones:
            return torch::ones(parameter.shape, options);
        case Kind::constant:
            return torch::full(parameter.shape, parameter.init.value, options);
        case Kind::normal:
            return torch::empty(parameter.shape, options).normal_(0, parameter.init.value, random);
        case Kind::uniform:
            return torch::empty(parameter.shape, options)
                .uniform_(-parameter.init.value, parameter.init.value, random);
        case Kind::zeros:
            break;
    }
    return torch::zeros(parameter.shape, options);
}

// The coordinate maps x and y of §4.3, already divided (2, h, w).
Tensor coordinates(const network::Attributes& a, const Tensor& like) {
    const std::int64_t height = like.size(2);
    const std::int64_t width = like.size(3);
    const auto axis = [&](std::int64_t cells) {
        const auto options = torch::TensorOptions().dtype(torch::kFloat64).device(like.device());
        Tensor pixels = torch::arange(cells, options) * a.stride + a.origin;
        pixels = a.unit_range ? 2 * pixels / static_cast<double>(cells * a.stride) - 1
                              : pixels / a.value;
        return pixels.to(torch::kFloat32);
    };
    return torch::stack({axis(width).view({1, width}).expand({height, width}),
                         axis(height).view({height, 1}).expand({height, width})});
}

// The expected bin of each of `groups` distributions (N, groups·B, h, w), in fp32.
Tensor expectation(const Tensor& x, std::int64_t groups) {
    const Tensor bins = x.to(torch::kFloat32).unflatten(1, {groups, x.size(1) / groups});
    const Tensor index = torch::arange(bins.size(2), bins.options()).view({1, 1, -1, 1, 1});
    return (at::softmax(bins, 2) * index).sum(2);
}

}  // namespace

// One forward pass.
class Network::Run {
public:
    Run(const Network& module, Compute compute) : module_(module), compute_(compute) {}

    Outputs operator()(const Tensor& images) {
        const auto& nodes = module_.graph_.nodes;
        const bool training = module_.is_training();
        values_.resize(nodes.size());
        values_[0] = images.contiguous(torch::MemoryFormat::ChannelsLast);
        for (std::size_t i = 1; i < nodes.size(); ++i) {
            if (!training && !module_.plan_[i].inference) {
                continue;
            }
            values_[i] = apply(nodes[i], module_.plan_[i]);
            for (const NodeId input : nodes[i].inputs) {
                if (module_.plan_[input].last_use == static_cast<NodeId>(i)) {
                    values_[input].reset();
                }
            }
        }
        Outputs outputs;
        for (const network::Output& output : module_.graph_.outputs) {
            if (output.training_only && !training) {
                continue;
            }
            outputs[output.name] = values_[output.node].to(torch::kFloat32);
        }
        return outputs;
    }

private:
    [[nodiscard]] const Tensor& parameter(const Node& node, std::size_t i) const {
        return module_.tensors_.at(node.parameters[i]);
    }

    Tensor apply(const Node& node, const Plan& plan) {
        const Tensor& x = values_[node.inputs[0]];
        const network::Attributes& a = node.attributes;
        switch (node.op) {
            case Op::conv2d:
                return conv2d(node, plan, x);
            case Op::frozen_batch_norm:
                return plan.passes_on ? x : frozen_batch_norm(node, x);
            case Op::batch_norm:
                return batch_norm(node, x);
            case Op::group_norm:
                // Statistics are fp32 in both cases; only the CPU kernel accepts mixed types.
                return at::group_norm(x.is_cpu() ? x : x.to(torch::kFloat32), a.groups,
                                      parameter(node, 0), parameter(node, 1), a.epsilon);
            case Op::relu:
                return plan.in_place ? at::relu_(values_[node.inputs[0]]) : at::relu(x);
            case Op::max_pool:
                return at::max_pool2d(x, a.kernel, a.stride, a.padding);
            case Op::add:
                return x + values_[node.inputs[1]];
            case Op::product:
                return x * values_[node.inputs[1]];
            case Op::log:
                return at::log(x.to(torch::kFloat32).clamp_min(a.value));
            case Op::upsample_nearest:
                return at::upsample_nearest2d(x, {x.size(2) * a.factor, x.size(3) * a.factor});
            case Op::resample:
                return resample_aligned(x, a.factor);
            case Op::learned_scale:
                return x.to(torch::kFloat32) * parameter(node, 0);
            case Op::exp:
                return at::exp(x.to(torch::kFloat32));
            case Op::multiply:
                return x * a.value;
            case Op::concat: {
                std::vector<Tensor> parts;
                for (const NodeId input : node.inputs) {
                    parts.push_back(values_[input]);
                }
                return at::cat(parts, 1);
            }
            case Op::slice:
                return x.narrow(1, a.begin, a.end - a.begin);
            case Op::add_coordinates: {
                const Tensor maps = coordinates(a, x);
                const Tensor scaled = node.parameters.empty() ? maps : maps * parameter(node, 0);
                return x.to(torch::kFloat32) + scaled;
            }
            case Op::append_coordinates: {
                const Tensor maps = coordinates(a, x).unsqueeze(0);
                return at::cat(
                    {x.to(torch::kFloat32), maps.expand({x.size(0), 2, x.size(2), x.size(3)})}, 1);
            }
            case Op::leaky_relu:
                return plan.in_place ? at::leaky_relu_(values_[node.inputs[0]], a.value)
                                     : at::leaky_relu(x, a.value);
            case Op::channel_shuffle:
                return at::channel_shuffle(x, a.groups);
            case Op::upsample_bilinear:
                return at::upsample_bilinear2d(x, {x.size(2) * a.factor, x.size(3) * a.factor},
                                               false);
            case Op::expectation:
                return expectation(x, a.groups);
            case Op::input:
                break;
        }
        throw Error(
            fmt::format("the trainer does not implement the op {}", network::op_name(node.op)));
    }

    [[nodiscard]] Tensor batch_norm(const Node& node, const Tensor& x) const {
        const bool training = module_.is_training();
        if (training && x.numel() == x.size(1)) {
            throw Error(
                fmt::format("{}: batch norm of one value per channel has no variance", node.name),
                "train with more images per step (solver.batch, solver.accumulate) or larger ones "
                "(input.short_train)");
        }
        return at::batch_norm(x.to(torch::kFloat32), parameter(node, 0), parameter(node, 1),
                              parameter(node, 2), parameter(node, 3), training, kMomentum,
                              node.attributes.epsilon, false);
    }

    // a and β − μ·a from §3.2.
    [[nodiscard]] std::pair<Tensor, Tensor> affine(const Node& norm) const {
        const Tensor scale =
            parameter(norm, 0) / at::sqrt(parameter(norm, 3) + norm.attributes.epsilon);
        return {scale, parameter(norm, 1) - parameter(norm, 2) * scale};
    }

    [[nodiscard]] Tensor frozen_batch_norm(const Node& node, const Tensor& x) const {
        const auto [scale, shift] = affine(node);
        return x.to(torch::kFloat32) * scale.view({1, -1, 1, 1}) + shift.view({1, -1, 1, 1});
    }

    Tensor conv2d(const Node& node, const Plan& plan, const Tensor& x) {
        const network::Attributes& a = node.attributes;
        // libtorch 2.13 leaves part of the weight gradient unwritten for strided bf16 maps of one
        // cell width. Its grouped convolutions are slower in bf16 than in fp32.
        const bool unsafe = x.size(3) == 1 && a.stride > 1;
        const bool slow = a.groups > 1 && x.is_cpu();
        const Compute compute = unsafe || slow ? Compute::fp32 : compute_;
        const auto& [weight, bias] = convolution_weights(node, plan, compute);
        return at::conv2d(x.to(compute == Compute::bf16 ? torch::kBFloat16 : torch::kFloat32),
                          weight, bias, a.stride, a.padding, 1, a.groups);
    }

    // Towers run on all levels with the same weights, so prepare these once.
    const std::pair<Tensor, Tensor>& convolution_weights(const Node& node, const Plan& plan,
                                                         Compute compute) {
        const std::pair key(node.parameters[0], compute);
        const auto found = prepared_.find(key);
        if (found != prepared_.end()) {
            return found->second;
        }
        Tensor weight = parameter(node, 0);
        Tensor bias = node.parameters.size() > 1 ? parameter(node, 1) : Tensor();
        if (plan.folded_norm >= 0) {
            const auto [scale, shift] = affine(module_.graph_.nodes[plan.folded_norm]);
            weight = weight * scale.view({-1, 1, 1, 1});
            bias = shift;
        }
        if (compute == Compute::bf16) {
            weight = weight.to(torch::kBFloat16);
            if (bias.defined()) {
                bias = bias.to(torch::kBFloat16);
            }
        }
        weight = weight.contiguous(torch::MemoryFormat::ChannelsLast);
        return prepared_.emplace(key, std::pair(weight, bias)).first->second;
    }

    static constexpr double kMomentum = 0.1;  // of running statistics (§4.9)

    const Network& module_;
    Compute compute_;
    std::vector<Tensor> values_;
    std::map<std::pair<std::string, Compute>, std::pair<Tensor, Tensor>> prepared_;
};

Network::Network(network::Graph graph) : graph_(std::move(graph)) {
    register_all();
    plan();
}

// "rpn.head.scales.0.scale" is parameter `scale` of the module rpn/head/scales/0.
void Network::register_all() {
    for (const network::Parameter& parameter : graph_.parameters) {
        torch::nn::Module* owner = this;
        std::string rest = parameter.name;
        for (auto dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
            const std::string name = rest.substr(0, dot);
            rest = rest.substr(dot + 1);
            const auto child = owner->named_children().find(name);
            owner = child != nullptr
                        ? child->get()
                        : owner->register_module(name, std::make_shared<torch::nn::Module>()).get();
        }
        const Tensor zeros = torch::zeros(parameter.shape);
        if (parameter.buffer) {
            owner->register_buffer(rest, zeros);
        } else {
            owner->register_parameter(rest, zeros, parameter.trainable);
        }
    }
    refresh();
}

void Network::refresh() {
    tensors_.clear();
    for (const auto& item : named_parameters()) {
        tensors_[item.key()] = item.value();
    }
    for (const auto& item : named_buffers()) {
        tensors_[item.key()] = item.value();
    }
}

void Network::plan() {
    const auto& nodes = graph_.nodes;
    plan_.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (const NodeId input : nodes[i].inputs) {
            plan_[input].last_use = static_cast<NodeId>(i);
            ++plan_[input].users;
        }
        plan_[i].inference = false;
    }
    for (const network::Output& output : graph_.outputs) {
        plan_[output.node].last_use = static_cast<NodeId>(nodes.size());
        ++plan_[output.node].users;
        if (!output.training_only) {
            plan_[output.node].inference = true;
        }
    }
    for (std::size_t i = nodes.size(); i-- > 0;) {
        if (!plan_[i].inference) {
            continue;
        }
        for (const NodeId input : nodes[i].inputs) {
            plan_[input].inference = true;
        }
    }
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        const NodeId input = nodes[i].inputs[0];
        const bool only_user = plan_[input].users == 1 && input != 0;
        if (nodes[i].op == Op::frozen_batch_norm && only_user && nodes[input].op == Op::conv2d &&
            nodes[input].parameters.size() == 1) {
            plan_[input].folded_norm = static_cast<NodeId>(i);
            plan_[i].passes_on = true;
        }
        plan_[i].in_place = overwrites(nodes[i]) && only_user;
    }
}

void Network::initialize(std::uint64_t seed) {
    const torch::NoGradGuard no_grad;
    at::Generator random = at::detail::createCPUGenerator(seed);
    for (const network::Parameter& parameter : graph_.parameters) {
        tensors_.at(parameter.name).copy_(initial(parameter, random));
    }
}

Network::~Network() = default;

Outputs Network::forward(const Tensor& images, Compute compute) {
    return Run(*this, compute)(images);
}

void Network::load(const Weights& weights) {
    const torch::NoGradGuard no_grad;
    for (const network::Parameter& parameter : graph_.parameters) {
        const auto found = weights.find(parameter.name);
        if (found == weights.end() && parameter.name.ends_with("num_batches_tracked")) {
            continue;  // a counter that model files leave out
        }
        if (found == weights.end()) {
            throw Error(fmt::format("weights: no tensor {}", parameter.name));
        }
        if (found->second.shape != parameter.shape) {
            throw Error(fmt::format("weights: {}: found the shape {}: expected {}", parameter.name,
                                    shape_text(found->second.shape), shape_text(parameter.shape)));
        }
        tensors_.at(parameter.name).copy_(to_torch(found->second));
    }
}

Weights Network::weights() const {
    Weights weights;
    for (const auto& [name, tensor] : tensors_) {
        weights[name] = from_torch(tensor);
    }
    return weights;
}

std::vector<std::pair<std::string, Tensor>> Network::trainable() const {
    std::vector<std::pair<std::string, Tensor>> list;
    for (const network::Parameter& parameter : graph_.parameters) {
        if (!parameter.buffer && parameter.trainable) {
            list.emplace_back(parameter.name, tensors_.at(parameter.name));
        }
    }
    return list;
}

void Network::move_to(torch::Device device) {
    to(device);
    refresh();
}

}  // namespace embedmask::train
