#include "train/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "embedmask/error.h"
#include "train/schedule.h"
#include "train/tensors.h"

namespace embedmask::train {
namespace {

using network::Op;
using torch::Tensor;

constexpr const char* kMomentum = "momentum";
constexpr const char* kFirst = "first_moment";
constexpr const char* kSecond = "second_moment";

std::set<std::string> parameters_of_norms(const network::Graph& graph) {
    std::set<std::string> names;
    for (const network::Node& node : graph.nodes) {
        if (node.op == Op::group_norm || node.op == Op::batch_norm) {
            names.insert(node.parameters.begin(), node.parameters.end());
        }
    }
    return names;
}

std::set<std::string> parameters_of_detector(const network::Graph& graph) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < graph.detector_parameters; ++i) {
        names.insert(graph.parameters[i].name);
    }
    return names;
}

void copy_checked(Tensor& target, const State& state, const std::string& key) {
    const auto found = state.find(key);
    constexpr const char* kCure =
        "resume with the configuration that the run started with, including solver.optimizer and "
        "solver.ema";
    if (found == state.end()) {
        throw Error(fmt::format("the checkpoint has no tensor {}", key), kCure);
    }
    if (found->second.sizes() != target.sizes()) {
        throw Error(fmt::format("the checkpoint's tensor {} has {} elements, expected {}", key,
                                found->second.numel(), target.numel()),
                    kCure);
    }
    target.copy_(found->second);
}

}  // namespace

Optimizer::Optimizer(const Network& network, const Config::Solver& solver) : solver_(solver) {
    const std::set<std::string> norms = parameters_of_norms(network.graph());
    const std::set<std::string> detector = parameters_of_detector(network.graph());
    for (const auto& [name, parameter] : network.trainable()) {
        Item item;
        item.name = name;
        item.parameter = parameter;
        item.decay = solver.wd;
        const bool is_bias = name.find("bias") != std::string::npos;
        if (is_bias) {
            item.lr_factor = solver.bias_lr_factor;
        }
        if (is_bias) {
            item.decay = solver.wd_bias;
        }
        if (norms.contains(name)) {
            // The bias of a norm is both a bias and a norm parameter; both generations exclude it
            // from decay (§8.1, §8.6).
            item.decay = is_bias ? std::min(solver.wd_bias, solver.wd_norm) : solver.wd_norm;
        }
        if (detector.contains(name)) {
            item.lr_factor *= solver.detector_lr_factor;
            item.start = solver.detector_start;
            detector_.push_back(parameter);
        }
        items_.push_back(std::move(item));
    }
}

std::vector<Tensor> Optimizer::parameters() const {
    std::vector<Tensor> list;
    for (const Item& item : items_) {
        list.push_back(item.parameter);
    }
    return list;
}

void Optimizer::zero_grad() {
    for (Item& item : items_) {
        item.parameter.mutable_grad().reset();
    }
}

double Optimizer::clip(std::int64_t iteration) {
    std::vector<Tensor> gradients;
    for (const Item& item : items_) {
        if (iteration > item.start && item.parameter.grad().defined()) {
            gradients.push_back(item.parameter.grad());
        }
    }
    if (gradients.empty()) {
        return 0;
    }
    const torch::NoGradGuard no_grad;
    const double norm = torch::stack(torch::_foreach_norm(gradients)).norm().item<double>();
    if (solver_.clip_norm > 0 && norm > solver_.clip_norm) {
        torch::_foreach_mul_(gradients, solver_.clip_norm / norm);
    }
    return norm;
}

bool Optimizer::detector_waits(std::int64_t iteration) const {
    return iteration <= solver_.detector_start;
}

void Optimizer::enable_detector(bool enabled) {
    for (torch::Tensor& parameter : detector_) {
        parameter.set_requires_grad(enabled);
    }
}

void Optimizer::step(std::int64_t iteration) {
    const torch::NoGradGuard no_grad;
    const double lr = learning_rate(solver_, iteration);
    for (Item& item : items_) {
        if (iteration <= item.start || !item.parameter.grad().defined()) {
            continue;
        }
        if (solver_.optimizer == OptimizerKind::adamw) {
            adamw(item, lr * item.lr_factor, iteration - item.start);
        } else {
            sgd(item, lr * item.lr_factor);
        }
    }
}

// g ← grad + wd·θ; v ← μ·v + g (v = g first); θ ← θ − lr·v.
void Optimizer::sgd(Item& item, double lr) {
    Tensor gradient = item.parameter.grad();
    if (item.decay != 0) {
        gradient = gradient.add(item.parameter, item.decay);
    }
    Tensor& velocity = item.buffers[kMomentum];
    if (velocity.defined()) {
        velocity.mul_(solver_.momentum).add_(gradient);
    } else {
        velocity = gradient.clone();
    }
    item.parameter.sub_(velocity, lr);
}

void Optimizer::adamw(Item& item, double lr, std::int64_t iteration) {
    constexpr double kBeta1 = 0.9;
    constexpr double kBeta2 = 0.999;
    constexpr double kEpsilon = 1e-8;
    const Tensor gradient = item.parameter.grad();
    for (const char* name : {kFirst, kSecond}) {
        if (!item.buffers[name].defined()) {
            item.buffers[name] = torch::zeros_like(item.parameter);
        }
    }
    Tensor& first = item.buffers[kFirst];
    Tensor& second = item.buffers[kSecond];
    first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const auto count = static_cast<double>(iteration);
    const double correction1 = 1 - std::pow(kBeta1, count);
    const double correction2 = 1 - std::pow(kBeta2, count);
    item.parameter.mul_(1 - lr * item.decay);
    const Tensor scale = (second / correction2).sqrt_().add_(kEpsilon);
    item.parameter.addcdiv_(first, scale, -lr / correction1);
}

State Optimizer::state() const {
    State state;
    for (const Item& item : items_) {
        for (const auto& [buffer, tensor] : item.buffers) {
            if (tensor.defined()) {
                state[buffer + "/" + item.name] = tensor;
            }
        }
    }
    return state;
}

void Optimizer::restore(const State& state, std::int64_t iteration) {
    const torch::NoGradGuard no_grad;
    const bool adam = solver_.optimizer == OptimizerKind::adamw;
    const std::vector<const char*> names =
        adam ? std::vector{kFirst, kSecond} : std::vector{kMomentum};
    for (Item& item : items_) {
        if (item.start > 0 && iteration <= item.start) {
            continue;  // its first update is yet to come
        }
        for (const char* name : names) {
            item.buffers[name] = torch::zeros_like(item.parameter);
            copy_checked(item.buffers[name], state, std::string(name) + "/" + item.name);
        }
    }
}

WeightAverage::WeightAverage(const Network& network, double decay) : decay_(decay) {
    for (const network::Parameter& parameter : network.graph().parameters) {
        average_[parameter.name] = network.tensor(parameter.name).detach().clone();
    }
}

void WeightAverage::update(const Network& network, std::int64_t iteration) {
    constexpr double kStart = 10;
    const torch::NoGradGuard no_grad;
    const auto count = static_cast<double>(iteration);
    const double decay = std::min(decay_, (1 + count) / (kStart + count));
    for (auto& [name, average] : average_) {
        average.lerp_(network.tensor(name), 1 - decay);
    }
}

Weights WeightAverage::weights() const {
    Weights weights;
    for (const auto& [name, tensor] : average_) {
        weights[name] = from_torch(tensor);
    }
    return weights;
}

State WeightAverage::state() const {
    State state;
    for (const auto& [name, tensor] : average_) {
        state["average/" + name] = tensor;
    }
    return state;
}

void WeightAverage::restore(const State& state) {
    const torch::NoGradGuard no_grad;
    for (auto& [name, average] : average_) {
        copy_checked(average, state, "average/" + name);
    }
}

}  // namespace embedmask::train
