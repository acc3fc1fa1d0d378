// Runs the network in libtorch, with one emitter for every graph (docs/architecture.md).
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "embedmask/graph.h"
#include "embedmask/weights.h"

namespace embedmask::train {

/// Tensors by their name in Graph::outputs, float32, NCHW.
using Outputs = std::map<std::string, torch::Tensor, std::less<>>;

/// Precision of convolutions. GroupNorm statistics, scales, exponentials and coordinates are always
/// float32.
enum class Compute { fp32, bf16 };

/// A Graph as a module. Parameters and buffers have the names (dots create submodules) and the
/// registration order of the graph. Frozen parameters (§3.3) have requires_grad false. Use from one
/// thread at a time.
class Network : public torch::nn::Module {
public:
    explicit Network(network::Graph graph);
    ~Network() override;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Initialises every parameter as specified in the graph (§3.4, §4.5); equal seeds give equal
    /// weights.
    void initialize(std::uint64_t seed);

    /// `images` (N, 3, H, W), normalised; H and W multiples of 32. Returns all outputs in training
    /// mode, else those that are not training-only.
    [[nodiscard]] Outputs forward(const torch::Tensor& images, Compute compute = Compute::fp32);

    /// Copies in the weights of the graph. Error for missing weights or different shapes.
    void load(const Weights& weights);
    /// The weights as float32 copies on the CPU.
    [[nodiscard]] Weights weights() const;

    /// Parameters and buffers by name, in registration order.
    [[nodiscard]] const torch::Tensor& tensor(const std::string& name) const {
        return tensors_.at(name);
    }
    /// The trainable parameters with their names, in registration order.
    [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> trainable() const;
    [[nodiscard]] const network::Graph& graph() const { return graph_; }

    /// Moving between devices replaces tensors; this updates the by-name view.
    void move_to(torch::Device device);

private:
    struct Plan;  // static information about a node
    class Run;

    void register_all();
    void refresh();
    void plan();

    network::Graph graph_;
    std::map<std::string, torch::Tensor, std::less<>> tensors_;
    std::vector<Plan> plan_;
};

}  // namespace embedmask::train
